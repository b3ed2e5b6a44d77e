//! The requests as text, for who wants to see them first.
//!
//! In: what has to be there. Out: every request that might be made, without its signature.
//! Never: sends one, needs credentials.

use std::{error::Error, io::Write};

use spanwright::aws::{Call, Lookup, Region, Target};

use super::resource::Resource;

/// Writes the requests for all resources.
pub(super) fn requests(
    resources: &[Box<dyn Resource>],
    lookup: Lookup<'_>,
    region: &Region,
    out: &mut dyn Write,
) -> Result<(), Box<dyn Error>> {
    writeln!(out, "# Nothing is sent. A real run signs each request.")?;
    for resource in resources {
        let title = resource.title();
        let target = Target::new(resource.service(), lookup, region)?;
        let groups = [
            ("is it there?", vec![resource.find(None)]),
            ("if it is missing", resource.create()),
            ("if it is different", resource.update()),
        ];
        for (when, calls) in groups {
            for call in &calls {
                writeln!(out, "\n# {title}: {when}")?;
                request(&target, call, out)?;
            }
        }
    }
    Ok(())
}

fn request(target: &Target, call: &Call, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let request = target.request(call);
    // Nothing has been signed, so there is no secret in it.
    writeln!(out, "POST {}", request.url.reveal())?;
    for header in &request.headers {
        writeln!(out, "{}: {}", header.name, header.value.reveal())?;
    }
    writeln!(out)?;
    out.write_all(&request.body.concat())?;
    writeln!(out)?;
    Ok(())
}
