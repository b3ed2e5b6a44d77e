//! The figures of a run and the ratios between them.

/// What was measured so far.
#[derive(Default)]
pub(crate) struct Figures(Vec<Figure>);

struct Figure {
    workload: &'static str,
    contender: &'static str,
    value: f64,
}

/// Our own name in the figures.
pub(crate) const OURS: &str = "spanwright";

impl Figures {
    /// Takes a figure in and prints it.
    pub(crate) fn add(
        &mut self,
        workload: &'static str,
        library: &'static str,
        value: f64,
        unit: &'static str,
    ) {
        println!("{workload:<14} {library:<20} {value:>9.1} {unit}");
        self.0.push(Figure { workload, contender: library, value });
    }

    /// Prints what each rival costs in units of ours.
    pub(crate) fn print_ratios(&self) {
        println!();
        for ours in self.0.iter().filter(|figure| figure.contender == OURS) {
            let rivals = self
                .0
                .iter()
                .filter(|figure| figure.workload == ours.workload && figure.contender != OURS);
            for rival in rivals {
                let ratio = rival.value / ours.value;
                println!("{:<14} {:<20} {ratio:>9.2} x ours", rival.workload, rival.contender);
            }
        }
    }
}
