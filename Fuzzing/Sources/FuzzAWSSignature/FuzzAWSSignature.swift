import CredentialsProperties
import FuzzTarget

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe fuzz(start, count, with: CredentialsProperty.awsSignature.check)
}
