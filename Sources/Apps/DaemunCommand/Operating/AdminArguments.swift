import ArgumentParser
import Foundation
import Model
import NIOHTTP1

/// How a command finds the admin listener of the running gateway, and asks it.
struct AdminArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The admin listener, instead of the configuration's. Its token is then read from DAEMUN_ADMIN_TOKEN.",
            valueName: "host:port"
        )
    )
    var admin: String?

    @OptionGroup var input: ConfigurationArguments

    @Flag(help: "Print what the gateway answers, in JSON.")
    var json = false

    func validate() throws {
        if admin != nil, !input.files.isEmpty {
            throw ValidationError("--admin and files exclude each other: a file says where the listener is.")
        }
    }

    /// Asks for a path and query, which has to be percent-encoded.
    /// - Returns: the body of the answer.
    /// - Throws: `ExitCode` after the gateway's complaint was printed: 1 when what was asked for is at fault, otherwise 2.
    func ask(_ method: HTTPMethod, _ target: String, body: String = "") async throws -> String {
        let answer = try await client().send(method, target, body: body)
        guard !(200...299).contains(answer.status) else { return answer.body }
        let complaint = try? JSONDecoder().decode(Complaint.self, from: Data(answer.body.utf8))
        StandardStreams.writeError("daemun: \(complaint?.error ?? "the gateway answered \(answer.status)")\n")
        throw [400, 404, 409, 413].contains(answer.status) ? ExitCode.atFault : ExitCode.cannot
    }

    /// - Throws: `ExitCode.atFault` after the faults of the configuration were printed.
    private func client() throws -> AdminClient {
        if let admin {
            guard let colon = admin.lastIndex(of: ":"), let port = Int(admin[admin.index(after: colon)...]) else {
                throw ValidationError("--admin is HOST:PORT, not \(admin).")
            }
            let host = admin[..<colon].trimmingCharacters(in: ["[", "]"])
            let token = ProcessInfo.processInfo.environment["DAEMUN_ADMIN_TOKEN"].map { Secret($0) }
            return AdminClient(host: host, port: port, token: token)
        }
        switch try input.model() {
        case .success(let model): return try AdminClient(model)
        case .failure(let faults):
            StandardStreams.writeError(StandardStreams.style.lines(faults))
            throw ExitCode.atFault
        }
    }

    private struct Complaint: Decodable {
        var error: String
    }
}

extension String {
    /// As one segment of a path.
    var pathSegment: String {
        let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
        return addingPercentEncoding(withAllowedCharacters: plain) ?? self
    }
}
