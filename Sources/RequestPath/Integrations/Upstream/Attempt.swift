import Selection

/// What an attempt holds of its backend, from the choice of its target until `Upstream.ended`.
struct Attempt {
    let endpoint: Endpoint
    /// The count that it has entered; `nil` when the target takes any number of requests.
    let inFlight: InFlightCount?
    /// `nil` when the backend has no circuit breaker.
    let pass: CircuitBreaker.Pass?
}
