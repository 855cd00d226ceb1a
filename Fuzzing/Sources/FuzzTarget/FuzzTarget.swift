/// Gives libFuzzer's input to a property and stops the process when it does not hold, which is how libFuzzer sees it.
public func fuzz(
    _ start: UnsafePointer<UInt8>?,
    _ count: Int,
    with property: ([UInt8]) throws -> Void
) -> CInt {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    do {
        try property(input)
    } catch {
        fatalError("\(error)")
    }
    return 0
}
