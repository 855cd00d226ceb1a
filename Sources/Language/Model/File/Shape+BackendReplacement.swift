extension Shape<[Named<String, Located<TargetReference>>]> {
    /// Backends by the names of those whose place they take.
    static var backendReplacements: Shape {
        .map(of: Shape<TargetReference>.target.located, key: .name)
    }
}
