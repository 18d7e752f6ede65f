//! What the layer costs a request in process, beside the same service without it and beside the bare signature; and what
//! the view of revocations costs, however much it holds.
//!
//! `cargo bench -p rekindle --features http,cache --bench layer`.

#![expect(clippy::print_stdout, reason = "this is a report")]
#![expect(clippy::unwrap_used, reason = "a bench has nobody to hand an error to")]

mod timing;

use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use http::{Request, Response};
use rekindle::clock::{Clock as _, SystemClock};
use rekindle::core::{Generation, Seconds, SessionId};
use rekindle::entropy::SystemEntropy;
use rekindle::http::{AuthenticationLayer, Found};
use rekindle::token::{AccessClaims, Algorithm, Expected, KeySet, SigningKey, sign_access};
use rekindle::verifier::{Entry, Feed, Page, Refused, SourceError, Verifier};
use timing::{Candidate, compare};
use tower_layer::Layer as _;
use tower_service::Service;

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://api.example.com";

/// So many sessions have ended, and nothing more happens.
struct Ended(u64);

#[async_trait]
impl Feed for Ended {
    async fn page(&self, after: Option<&str>, _: Duration) -> Result<Page, SourceError> {
        if after.is_some() {
            pending::<()>().await;
        }
        let session = |nth: u64| {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&nth.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
            Entry { session: SessionId(id), refused: Refused::Ended }
        };
        let entries = (1..=self.0).map(session).collect();
        let cursor = "end".to_owned();
        Ok(Page { entries, cursor, more: false, waited: Duration::ZERO, keep: Seconds(600) })
    }
}

fn token(key: &SigningKey) -> String {
    let now = SystemClock.now();
    let claims = AccessClaims {
        issuer: ISSUER,
        audience: &[AUDIENCE.to_owned()],
        subject: "3f1c9a52-7e0b-4d86-a1c5-9b2e8f60d714",
        client_id: "web",
        issued_at: now,
        expires_at: now + Seconds::minutes(60),
        token_id: "mJ3vTq0Yx8Kc5ZbNw2RfLg",
        session: SessionId(*b"0123456789abcdef"),
        generation: Generation(12),
        auth_time: now,
        extra: r#"{"roles":["editor","author"],"plan":"team","locale":"de-AT"}"#,
    };
    sign_access(key, &claims).unwrap()
}

async fn verifier(key: &SigningKey, kept: usize, ended: Option<u64>) -> Verifier {
    let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
    let builder = Verifier::builder(Expected::new(ISSUER, [AUDIENCE.to_owned()])).keys(keys).caching(kept);
    // Nothing more is told, and the view is as good.
    let builder = builder.stale_after(Duration::from_secs(3_600));
    match ended {
        Some(ended) => builder.revocations(Ended(ended)).start().await.unwrap(),
        None => builder.start().await.unwrap(),
    }
}

type Answer = Ready<Result<Response<()>, Infallible>>;

/// Says hello, and looks at who asks, so that reading the token is not optimised away.
#[derive(Clone)]
struct Hello;

impl Service<Request<()>> for Hello {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Answer {
        let found: Option<&Found> = request.extensions().get();
        black_box(found.map(|found| found.identity().unwrap().token().subject().len()));
        ready(Ok(Response::new(())))
    }
}

fn ask<S>(service: &S, token: &str) -> impl Fn()
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible> + Clone,
{
    let authorization: http::HeaderValue = format!("Bearer {token}").parse().unwrap();
    let service = service.clone();
    move || {
        let mut request = Request::new(());
        request.headers_mut().insert(http::header::AUTHORIZATION, authorization.clone());
        let mut service = service.clone();
        let mut answer = pin!(service.call(request));
        let polled = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_ready(), "it waits for nobody");
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let start = |key: &SigningKey, kept, ended| runtime.block_on(verifier(key, kept, ended));
    let secret = SigningKey::generate(Algorithm::Hs256, &SystemEntropy).unwrap();
    let secret = SigningKey::from_material(Some("2026-11"), Algorithm::Hs256, &secret).unwrap();
    let document = SigningKey::generate(Algorithm::EdDsa, &SystemEntropy).unwrap();
    let public = SigningKey::from_material(Some("2026-11"), Algorithm::EdDsa, &document).unwrap();
    let (shared_token, public_token) = (token(&secret), token(&public));
    let layered = |verifier| AuthenticationLayer::new(verifier).layer(Hello);

    compare(
        "a request in process",
        vec![
            Candidate::new("the service alone", ask(&Hello, &public_token)),
            Candidate::new("null (it again)", ask(&Hello, &public_token)),
            Candidate::new("HS256", ask(&layered(start(&secret, 0, None)), &shared_token)),
            Candidate::new("EdDSA, kept", ask(&layered(start(&public, 100, None)), &public_token)),
            Candidate::new(
                "EdDSA, kept, a view",
                ask(&layered(start(&public, 100, Some(1_000))), &public_token),
            ),
        ],
    );

    let pair = Ed25519KeyPair::from_pkcs8(&document).unwrap();
    let bare = ParsedPublicKey::new(&ED25519, pair.public_key()).unwrap();
    let (signed, _) = public_token.rsplit_once('.').unwrap();
    let signature = pair.sign(signed.as_bytes()).as_ref().to_vec();
    let eddsa = layered(start(&public, 0, None));
    compare(
        "EdDSA, nothing kept; the aim is 1.10 of the bare primitive",
        vec![
            Candidate::new("bare primitive", || {
                bare.verify_sig(black_box(signed.as_bytes()), &signature).unwrap()
            }),
            Candidate::new("request", ask(&eddsa, &public_token)),
            Candidate::new("null (request again)", ask(&eddsa, &public_token)),
        ],
    );

    let views = [0, 1_000, 100_000].map(|ended| start(&public, 0, Some(ended)));
    let token = runtime.block_on(views[0].verify(&public_token)).unwrap();
    let now = SystemClock.now();
    let look = |verifier: &Verifier| {
        let (verifier, token) = (verifier.clone(), token.clone());
        move || verifier.revocations().unwrap().check(black_box(&token), now).unwrap()
    };
    compare(
        "a look at the view of revocations; the aim is below 100 ns",
        vec![
            Candidate::new("nothing known", look(&views[0])),
            Candidate::new("1,000 ended", look(&views[1])),
            Candidate::new("100,000 ended", look(&views[2])),
        ],
    );
}
