//! Layers and handles are cloned, shared and printed.

use ovasabi_core::admit::AlwaysAdmit;
use ovasabi_core::backoff::{Constant, Exponential, Random};
use ovasabi_core::body::{AtEnd, AtHead, EndBody};
use ovasabi_core::classify::{ByResult, Class, Facts, GrpcClassify, HttpClassify, Verdict};
use ovasabi_core::context::future::{ClientFuture, ResponseFuture};
use ovasabi_core::context::wire::{Baggage, BaggageKeys};
use ovasabi_core::context::{
    AfterGuard, CancelGuard, Cause, ContextClientLayer, ContextClientService, ContextGuard,
    ContextLayer, ContextService, RequestId, Subject, Tenant, TraceContext, TraceState,
};
use ovasabi_core::error::Problem;
use ovasabi_core::inspect::{NameTaken, Registry, Report, Snapshot};
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse, Name};
use ovasabi_core::time::{Clock, ClockHand, Tick, WallClock, WallHand};
use ovasabi_core::{Context, Error, Rejection};

fn shared<T: Send + Sync + std::fmt::Debug>() {}
fn cloned<T: Clone + Send + Sync + std::fmt::Debug>() {}

#[test]
fn layers_services_and_handles_are_cloned_across_threads() {
    cloned::<(Context, Cause, RequestId, Subject, Tenant)>();
    cloned::<(TraceContext, TraceState, Baggage, BaggageKeys)>();
    cloned::<(ContextLayer, ContextService<()>)>();
    cloned::<(ContextClientLayer, ContextClientService<()>)>();
    cloned::<(Rejection, Name, AsError, AsResponse, AsGrpc)>();
    cloned::<(HttpClassify, GrpcClassify, ByResult, Facts, Verdict)>();
    cloned::<(AtHead, AtEnd, AlwaysAdmit, Constant, Exponential)>();
    cloned::<(Registry, Report, Snapshot, NameTaken, Problem)>();
    cloned::<(Clock, ClockHand, Tick, WallClock, WallHand)>();
}

#[test]
fn guards_futures_and_errors_cross_threads() {
    shared::<(CancelGuard, AfterGuard, ContextGuard, Random)>();
    shared::<EndBody<String, ContextGuard, Class>>();
    shared::<ClientFuture<(), (), ()>>();
    shared::<Error>();
    fn sent<T: Send + Sync>() {}
    sent::<ResponseFuture<()>>();
}
