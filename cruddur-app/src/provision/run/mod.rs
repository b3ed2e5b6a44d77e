//! Looks at each thing, and makes or changes it where it is not as it should be.
//!
//! In: the variables, the rule file. Out: requests to AWS, a line for each thing.
//! Never: gives up what remains because one thing was refused; what was made is found the next time.

mod api;
mod group;
mod log_group;
mod resource;
mod rule;
mod show;

use std::{error::Error, io::Write};

use serde_json::Value;
use spanwright::aws::{Lookup, Provider, Region};

use self::{
    api::Api,
    group::Group,
    log_group::LogGroup,
    resource::{Resource, State},
};
use super::Options;

/// The rules of X-Ray as the course keeps them, in the form that `aws xray create-sampling-rule
/// --cli-input-json` takes.
const RULES: &str = include_str!("../../../aws/json/xray.json");

/// The name of the group.
const GROUP: &str = "Cruddur";

/// Makes or changes what is not as it should be, and tells `out` about each thing. Variables are
/// read through `lookup`. Needs a Tokio runtime.
///
/// # Errors
/// The first thing that goes wrong: settings, credentials, a service that cannot be reached or
/// refuses. One thing that is refused leaves the others as they should be.
pub async fn run(
    lookup: Lookup<'_>,
    options: Options,
    out: &mut dyn Write,
) -> Result<(), Box<dyn Error>> {
    let resources = resources(lookup)?;
    let region = Region::load(lookup).await?;
    if options.is_dry_run {
        return show::requests(&resources, lookup, &region, out);
    }
    let provider = Provider::from_env(lookup, &region)?;
    let api = Api::new(lookup, &region, &provider, options.first_pause)?;
    let mut first_error = None;
    for resource in &resources {
        match settle(&api, &**resource).await {
            Ok(done) => writeln!(out, "{}: {done}", resource.title())?,
            Err(error) => {
                writeln!(out, "{}: not done, {error}", resource.title())?;
                first_error.get_or_insert(error);
            }
        }
    }
    first_error.map_or(Ok(()), |error| Err(error.into()))
}

/// Everything that has to be there.
fn resources(lookup: Lookup<'_>) -> Result<Vec<Box<dyn Resource>>, Box<dyn Error>> {
    let rules = rule::read(RULES)?;
    let group = Group::of_service(GROUP, rules[0].service());
    let log_group = LogGroup::from_env(lookup)?;
    let mut resources: Vec<Box<dyn Resource>> = vec![Box::new(group)];
    resources.extend(rules.into_iter().map(|rule| Box::new(rule) as Box<dyn Resource>));
    resources.push(Box::new(log_group));
    Ok(resources)
}

/// Leaves a resource as it should be; what had to be done.
async fn settle(api: &Api, resource: &dyn Resource) -> Result<String, api::Error> {
    let (calls, done) = match find(api, resource).await? {
        State::Missing => (resource.create(), "created".to_owned()),
        State::Different(what) => (resource.update(), format!("updated, {what}")),
        State::Same => (Vec::new(), "nothing to do".to_owned()),
    };
    for call in &calls {
        match api.call(resource.service(), call).await {
            // Somebody else was faster.
            Err(error) if error.code() == Some("ResourceAlreadyExistsException") => {}
            answer => drop(answer?),
        }
    }
    Ok(done)
}

/// The most pages of a list that are read; an account has 25 rules and 25 groups.
const MAX_PAGES: usize = 100;

async fn find(api: &Api, resource: &dyn Resource) -> Result<State, api::Error> {
    let mut next = None;
    for _ in 0..MAX_PAGES {
        let page = api.call(resource.service(), &resource.find(next.as_deref())).await?;
        if let Some(state) = resource.look(&page) {
            return Ok(state);
        }
        next = ["NextToken", "nextToken"]
            .iter()
            .find_map(|name| page.get(*name)?.as_str())
            .map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    Ok(State::Missing)
}

/// The entries of a list in an answer.
fn entries<'a>(page: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    page.get(list).and_then(Value::as_array).into_iter().flatten()
}
