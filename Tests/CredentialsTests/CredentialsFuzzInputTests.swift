import CredentialsProperties
import Foundation
import Testing

@Suite struct CredentialsFuzzInputTests {
    @Test(arguments: CredentialsProperty.allCases, ["FailCases", "Corpus"])
    func `inputs of the fuzzers are replayed`(property: CredentialsProperty, folder: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fuzzing")
        let inputs = root.appending(path: "\(folder)/\(property.rawValue)")
        let files = try FileManager.default.contentsOfDirectory(at: inputs, includingPropertiesForKeys: nil)
        #expect(folder == "FailCases" || files.count > 2)
        for file in files { try property.check(Array(Data(contentsOf: file))) }
    }
}
