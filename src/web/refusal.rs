//! Every way a request can fail, as the page gets it: a status, a key of its catalogues, a line for engineers.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plc::reason::Reason;

use crate::access::password::WeakPassword;
use crate::access::users::UserRefused;
use crate::access::{LogInRefused, SessionOver, SetUpRefused};

/// A refused request.
#[derive(Clone, Debug)]
pub struct Refusal {
    status: StatusCode,
    key: &'static str,
    detail: String,
    /// When to try again.
    seconds: Option<u64>,
}

impl Refusal {
    pub fn new(status: StatusCode, key: &'static str, detail: impl Into<String>) -> Refusal {
        Refusal { status, key, detail: detail.into(), seconds: None }
    }

    pub fn bad_request(detail: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "BadRequest", detail)
    }

    pub fn not_found(detail: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "NotFound", detail)
    }

    pub fn not_logged_in() -> Refusal {
        Refusal::new(StatusCode::UNAUTHORIZED, "NotLoggedIn", "log in first")
    }

    pub fn not_permitted(reason: Reason) -> Refusal {
        Refusal::new(StatusCode::FORBIDDEN, reason.key(), "this role may not do it")
    }

    pub fn too_many(detail: impl Into<String>, seconds: u64) -> Refusal {
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", detail);
        Refusal { seconds: Some(seconds), ..refusal }
    }

    pub fn unavailable(detail: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "Unavailable", detail)
    }

    fn locked_out(seconds: u64) -> Refusal {
        let detail = format!("locked for {seconds} s after too many wrong tries");
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "LockedOut", detail);
        Refusal { seconds: Some(seconds), ..refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = serde_json::json!({ "error": self.key, "detail": self.detail });
        if let Some(seconds) = self.seconds {
            body["seconds"] = seconds.into();
        }
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<LogInRefused> for Refusal {
    fn from(refused: LogInRefused) -> Refusal {
        match refused {
            LogInRefused::WrongPassword => {
                Refusal::new(StatusCode::UNAUTHORIZED, "WrongPassword", refused.to_string())
            }
            LogInRefused::LockedOut { seconds } => Refusal::locked_out(seconds),
            LogInRefused::Busy | LogInRefused::Users(_) => {
                Refusal::unavailable(refused.to_string())
            }
        }
    }
}

impl From<SetUpRefused> for Refusal {
    fn from(refused: SetUpRefused) -> Refusal {
        let detail = refused.to_string();
        let (status, key) = match refused {
            SetUpRefused::WrongCode => (StatusCode::FORBIDDEN, "WrongCode"),
            SetUpRefused::SetupDone => (StatusCode::CONFLICT, "SetupDone"),
            SetUpRefused::LockedOut { seconds } => return Refusal::locked_out(seconds),
            SetUpRefused::User(UserRefused::WeakPassword(
                WeakPassword::TooShort
                | WeakPassword::TooLong
                | WeakPassword::TooCommon
                | WeakPassword::LikeTheName,
            )) => (StatusCode::UNPROCESSABLE_ENTITY, "WeakPassword"),
            SetUpRefused::User(
                UserRefused::BadName
                | UserRefused::NameTaken
                | UserRefused::NoSuchUser
                | UserRefused::NoRole
                | UserRefused::TooMany,
            ) => (StatusCode::UNPROCESSABLE_ENTITY, "BadName"),
            SetUpRefused::User(UserRefused::Users(_)) => return Refusal::unavailable(detail),
        };
        Refusal::new(status, key, detail)
    }
}

impl From<SessionOver> for Refusal {
    fn from(SessionOver: SessionOver) -> Refusal {
        Refusal::not_logged_in()
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Refusal {
        Refusal::bad_request(rejection.body_text())
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Refusal {
        Refusal::bad_request(rejection.body_text())
    }
}

/// A request's JSON body; what cannot be read is refused like everything else.
pub struct Body<T>(pub T);

impl<T, S> FromRequest<S> for Body<T>
where
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Refusal> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Body(body))
    }
}
