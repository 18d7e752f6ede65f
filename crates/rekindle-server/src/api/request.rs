//! What a request's body may have in it, said once: for the handler and for the OpenAPI document.

use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use super::body::Body;
use super::problem::Problem;

/// Something that can stand in a body under a name.
pub(crate) trait Member: Sized {
    /// Whether the body is not valid without it.
    const REQUIRED: bool = false;

    /// Takes it out of the body.
    fn take(body: &mut Body, name: &str) -> Result<Self, Problem>;

    /// What it looks like.
    fn schema() -> Schema;
}

/// Declares the body of an endpoint: a struct that is read from a request and described in the document.
macro_rules! request {
    ($(#[doc = $about:literal])* $name:ident { $( $(#[doc = $doc:literal])* $member:ident: $type:ty, )* }) => {
        $(#[doc = $about])*
        pub(crate) struct $name {
            $( $(#[doc = $doc])* pub(crate) $member: $type, )*
        }

        impl<S: Sync> ::axum::extract::FromRequest<S> for $name {
            type Rejection = $crate::api::Problem;

            async fn from_request(request: ::axum::extract::Request, state: &S) -> Result<Self, Self::Rejection> {
                let body = $crate::api::body::Body::from_request(request, state).await?;
                let mut body = body.only(&[$(stringify!($member)),*])?;
                Ok(Self {
                    $( $member: $crate::api::request::Member::take(&mut body, stringify!($member))?, )*
                })
            }
        }

        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::schema::Schema> {
                use $crate::api::request::{Member, described};
                let object = ::utoipa::openapi::schema::ObjectBuilder::new();
                $(
                    let about = concat!($($doc, "\n"),*);
                    let object = object.property(stringify!($member), described(<$type as Member>::schema(), about));
                    let object = if <$type as Member>::REQUIRED {
                        object.required(stringify!($member))
                    } else {
                        object
                    };
                )*
                object.build().into()
            }
        }

        impl ::utoipa::ToSchema for $name {}
    };
}
pub(crate) use request;

/// `schema` with what stands beside the member in the source.
pub(crate) fn described(mut schema: Schema, about: &str) -> Schema {
    if let Schema::Object(object) = &mut schema
        && !about.trim().is_empty()
    {
        object.description = Some(about.trim().to_owned());
    }
    schema
}

/// A text of 1 to `LONGEST` characters, none of which is a control character.
pub(crate) struct Text<const LONGEST: usize>(pub(crate) String);

impl<const LONGEST: usize> Text<LONGEST> {
    fn object() -> ObjectBuilder {
        // As `accounts::flaw` has it.
        let plain = r"^[^\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]*$";
        ObjectBuilder::new().min_length(Some(1)).max_length(Some(LONGEST)).pattern(Some(plain))
    }
}

impl<const LONGEST: usize> Member for Text<LONGEST> {
    const REQUIRED: bool = true;

    fn take(body: &mut Body, name: &str) -> Result<Self, Problem> {
        body.required_text(name, LONGEST).map(Self)
    }

    fn schema() -> Schema {
        Self::object().schema_type(Type::String).build().into()
    }
}

impl<const LONGEST: usize> Member for Option<Text<LONGEST>> {
    fn take(body: &mut Body, name: &str) -> Result<Self, Problem> {
        Ok(body.text(name, LONGEST)?.map(Text))
    }

    fn schema() -> Schema {
        Text::<LONGEST>::object().schema_type(or_null(Type::String)).build().into()
    }
}

/// A token: whatever text it is, the engine judges it. An empty one is none.
pub(crate) struct Token(pub(crate) String);

impl Member for Option<Token> {
    fn take(body: &mut Body, name: &str) -> Result<Self, Problem> {
        Ok(body.token(name)?.map(Token))
    }

    fn schema() -> Schema {
        ObjectBuilder::new().schema_type(or_null(Type::String)).build().into()
    }
}

impl Member for Option<bool> {
    fn take(body: &mut Body, name: &str) -> Result<Self, Problem> {
        body.flag(name)
    }

    fn schema() -> Schema {
        ObjectBuilder::new().schema_type(or_null(Type::Boolean)).build().into()
    }
}

/// One of a few words, or absent.
pub(crate) fn one_of(words: &[&str]) -> Schema {
    let words = words.iter().map(|word| Some(*word)).chain([None]);
    ObjectBuilder::new().schema_type(or_null(Type::String)).enum_values(Some(words)).build().into()
}

fn or_null(kind: Type) -> SchemaType {
    SchemaType::Array(vec![kind, Type::Null])
}
