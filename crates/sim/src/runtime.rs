//! Amazon SageMaker Runtime: an endpoint that serves answers with what it was sent.

use crate::answer::{Answered, ApiError, Body};
use crate::input::Input;
use crate::table::operations;
use crate::world::{Ctx, World};

operations! {
    SageMakerRuntime;
    Read InvokeEndpoint("EndpointName") = invoke;
}

/// SageMaker Runtime API, InvokeEndpoint. The name must match to the letter.
fn invoke(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("EndpointName")?;
    let found = world.cell(ctx).sagemaker.endpoint(name);
    match found.filter(|endpoint| endpoint.name == name) {
        Some(endpoint) if endpoint.is_serving() => Ok(Body::Bytes(input.payload.clone())),
        Some(_) | None => Err(ApiError::new(
            "ValidationError",
            format!("Endpoint {name} of account {} not found.", ctx.account),
        )),
    }
}
