// What goes wrong, as classes with a stable `code`. Branch on `code`: two copies of this package in one page have two
// of each class. README.md says of each what to do.

export class RekindleError extends Error {
  name = "RekindleError";

  /** @type {string} */
  code = /** @type {any} */ (this.constructor).code;

  /** @param {unknown} [cause] */
  constructor(cause) {
    super(/** @type {any} */ (new.target).code, { cause });
  }
}

/** The server said that the session is over. It is the only failure after which nothing is stored any more. */
export class SessionEnded extends RekindleError {
  static code = "session_ended";

  /** @param {string} reason  as in docs/http.md: `logged_out`, `theft_detected`, … */
  constructor(reason) {
    super();
    this.reason = reason;
  }
}

/** Nobody is signed in here. */
export class SignedOut extends RekindleError {
  static code = "signed_out";
}

/** Wrong name or password. */
export class InvalidCredentials extends RekindleError {
  static code = "invalid_credentials";
}

/** It cannot be said now: offline, a time-out, a busy or broken server, a captive portal. The session is kept. */
export class Unavailable extends RekindleError {
  static code = "unavailable";

  /**
   * @param {unknown} cause
   * @param {number} [status]      what was answered, if anything was
   * @param {number} [retryAfter]  seconds after which asking again makes sense
   */
  constructor(cause, status, retryAfter) {
    super(cause);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** A login was overtaken by a later one, or by a sign-out. What it was answered is thrown away. */
export class Overtaken extends RekindleError {
  static code = "overtaken";
}

/** The server understood, and will not. */
export class Refused extends RekindleError {
  static code = "refused";

  /**
   * @param {number} status
   * @param {unknown} body
   */
  constructor(status, body) {
    super();
    this.status = status;
    this.body = body;
  }
}

/** The storage threw, or did not answer. What it held is left alone. */
export class StorageFailed extends RekindleError {
  static code = "storage_failed";
}
