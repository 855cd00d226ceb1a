import Foundation
import Testing
import Wire
import WireProperties

/// Holds the codec to its properties (see the module `WireProperties`) with generated messages, and with every input
/// that a fuzzer ever found or starts from.
@Suite struct WirePropertyTests {
    @Test(arguments: 0..<8)
    func `what is accepted is sent on as a message that means the same`(seed: Int) throws {
        var generator = MessageGenerator(seed: UInt64(seed))
        var accepted = 0
        for count in 0..<900 {
            for property in WireProperty.allCases {
                var input =
                    switch property {
                    case .requestHead: generator.request()
                    case .http2Request: generator.http2Request()
                    case .http2Response: generator.http2Response()
                    case .responseHead: generator.response()
                    case .body: generator.body()
                    case .frames: generator.frames()
                    case .proxyHeader: generator.proxyHeader()
                    case .clientHello: generator.clientHello()
                    }
                if count % 2 == 1 { generator.damage(&input) }
                try hold(property, for: input)
                if property == .requestHead, case .complete = try RequestMessage.read(input) { accepted += 1 }
            }
        }
        // Else the generator has forgotten how to write requests.
        #expect(accepted > 300)
    }

    @Test(arguments: WireProperty.allCases, ["FailCases", "Corpus"])
    func `inputs of the fuzzers are replayed`(property: WireProperty, folder: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fuzzing")
        let inputs = root.appending(path: "\(folder)/\(property.rawValue)")
        for file in try FileManager.default.contentsOfDirectory(at: inputs, includingPropertiesForKeys: nil) {
            try hold(property, for: Array(Data(contentsOf: file)))
        }
    }

    private func hold(_ property: WireProperty, for input: [UInt8]) throws {
        do {
            try property.check(input)
        } catch {
            let text = String(decoding: input, as: UTF8.self).debugDescription
            Issue.record("\(property.rawValue): \(error) for \(text)")
        }
    }
}
