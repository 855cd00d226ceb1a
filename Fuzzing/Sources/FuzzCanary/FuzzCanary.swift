import FuzzTarget

struct Found: Error {}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe fuzz(start, count) { input in
        // Byte by byte: chance alone does not come here, only a fuzzer that sees which branches an input took.
        guard input.count > 3, input[0] == UInt8(ascii: "b") else { return }
        guard input[1] == UInt8(ascii: "i"), input[2] == UInt8(ascii: "r") else { return }
        if input[3] == UInt8(ascii: "d") { throw Found() }
    }
}
