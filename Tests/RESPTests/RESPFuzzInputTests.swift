import Foundation
import RESPProperties
import Testing

@Suite struct RESPFuzzInputTests {
    @Test(arguments: ["FailCases", "Corpus"])
    func `inputs of the fuzzer are replayed`(folder: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fuzzing")
        let inputs = root.appending(path: "\(folder)/FuzzRESP")
        for file in try FileManager.default.contentsOfDirectory(at: inputs, includingPropertiesForKeys: nil) {
            try RESPProperty.check(Array(Data(contentsOf: file)))
        }
    }
}
