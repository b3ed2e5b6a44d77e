//! Sizes of futures with everything off.

use spanwright::{ErrorClass, report_errors, traced, xray_subsegment};

async fn wait(list: &[u8]) -> usize {
    std::future::ready(list.len()).await
}

async fn bare(list: Vec<u8>, more: [u64; 8]) -> Result<usize, String> {
    let len = wait(&list).await;
    Ok(len + more.len())
}

#[traced(fields(len = list.len(), first = more[0]), ok(fields(sum = *ok)), err(fields(why = err)))]
async fn annotated(list: Vec<u8>, more: [u64; 8]) -> Result<usize, String> {
    let len = wait(&list).await;
    Ok(len + more.len())
}

#[traced(fields(len = list.len()), ok(fields(#[annotation] sum = *ok)))]
#[xray_subsegment(annotations(first = more[0]), metadata(more), class = |_| ErrorClass::Error)]
async fn annotated_twice(list: Vec<u8>, more: [u64; 8]) -> Result<usize, String> {
    let len = wait(&list).await;
    Ok(len + more.len())
}

#[traced(fields(len = list.len()), ok(fields(sum = *ok)))]
#[xray_subsegment(annotations(first = more[0]))]
#[report_errors(custom(more, err), when = String::is_empty, person(id = list.len()))]
async fn annotated_thrice(list: Vec<u8>, more: [u64; 8]) -> Result<usize, String> {
    let len = wait(&list).await;
    Ok(len + more.len())
}

#[test]
fn y13_an_annotated_future_has_the_size_of_a_bare_one() {
    let bare = bare(vec![1], [0; 8]);
    let annotated = annotated(vec![1], [0; 8]);
    assert_eq!(size_of_val(&annotated), size_of_val(&bare));
    let annotated_twice = annotated_twice(vec![1], [0; 8]);
    assert_eq!(size_of_val(&annotated_twice), size_of_val(&bare));
    let annotated_thrice = annotated_thrice(vec![1], [0; 8]);
    assert_eq!(size_of_val(&annotated_thrice), size_of_val(&bare));
}
