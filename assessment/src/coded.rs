//! What every refusal of this crate can say about itself.

/// A refusal that programs tell by its code and people by its message.
///
/// `Display` of the same type is the English line for a log. None of the three repeats the value
/// that was refused, which may be a resident ID or a password.
pub trait Coded {
    /// The name of the refusal, in `snake_case`, never changed once released.
    fn code(&self) -> &'static str;
    /// What is wrong and what to do about it, in Chinese, as shown on a screen.
    fn message(&self) -> &'static str;
}
