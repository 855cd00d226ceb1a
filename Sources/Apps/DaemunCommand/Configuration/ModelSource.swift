import Foundation
import Model

/// Where the model of a running gateway comes from: files or a single URL, with what the command line sets. Read anew
/// for each reload.
struct ModelSource: Sendable {
    enum Origin: Sendable {
        case files([String])
        /// Everything goes to this server.
        case proxy(String)
        /// What is served is only what AWS's tools make.
        case nothing
    }

    var origin: Origin
    /// Listen on this port instead of those of the files.
    var port: Int?
    /// The admin listener's port instead of the files'.
    var adminPort: Int?
    /// The folder of data instead of the files'.
    var dataFolder: String?
    /// How it is to be with management APIs that keep nothing; `nil` leaves that to the files.
    var ephemeral: Ephemeral?

    /// What came of reading.
    struct Reading: Sendable {
        var model: Result<Model, Faults>
        /// The files and folders of which a change may change the model.
        var paths: [String]
    }

    func read() -> Reading {
        let reading =
            switch origin {
            case .files(let files): Self.read(files)
            case .proxy(let url): Self.read(proxy: url)
            case .nothing:
                Reading(
                    model: .success(Model(listeners: [Listener(port: 8_080)], admin: Admin(port: 8_081))),
                    paths: []
                )
            }
        return Reading(model: reading.model.map(overridden).flatMap(checked), paths: reading.paths)
    }

    private static func read(_ files: [String]) -> Reading {
        let loaded = ConfigurationReader(environment: ProcessInfo.processInfo.environment).read(files)
        return Reading(model: loaded.model, paths: loaded.files + loaded.folders)
    }

    /// The same as a file of one API and one backend.
    private static func read(proxy url: String) -> Reading {
        let name = "--proxy"
        let quoted = "'" + url.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
        let text = "{ apis: { proxy: { routes: { $default: proxy } } }, backends: { proxy: { targets: [\(quoted)] } } }"
        let reader = ConfigurationReader(environment: [:], source: .texts([name: text]))
        let model = reader.read([name]).model.mapError { faults in
            Faults(
                faults.all.map { fault in
                    // The place would be one in the text above.
                    Fault("--proxy: " + fault.message, text: fault.text, suggestion: fault.suggestion)
                }
            )
        }
        return Reading(model: model, paths: [])
    }

    private func overridden(_ model: Model) -> Model {
        var model = model
        if let port {
            var listener = model.listeners.first ?? Listener(port: port)
            listener.port = port
            model.listeners = [listener]
        }
        if let adminPort {
            var admin = model.admin ?? Admin(port: adminPort)
            admin.port = adminPort
            model.admin = admin
        }
        if let dataFolder { model.dataFolder = dataFolder }
        if let ephemeral {
            var management = model.management ?? Management()
            management.isEphemeral = true
            management.isOpen = ephemeral.isOpen
            management.takesAnyAge = ephemeral.takesAnyAge
            model.management = management
            model.admin = model.admin ?? Admin(port: 8_081)
        }
        return model
    }

    /// What everybody may manage must not be reached from elsewhere.
    private func checked(_ model: Model) -> Result<Model, Faults> {
        guard model.management?.isOpen == true, let admin = model.admin, !admin.isLoopback else {
            return .success(model)
        }
        let rule = "--open takes every request, so the admin listener has to be one of the loopback, as 127.0.0.1"
        return .failure(Faults([Fault(rule, text: admin.address)]))
    }
}

/// Management APIs that keep nothing, for tests.
struct Ephemeral: Sendable {
    /// Whether every request is taken.
    var isOpen: Bool
    /// Whether signatures are taken however old they are.
    var takesAnyAge: Bool
}

extension Admin {
    fileprivate var isLoopback: Bool { address.hasPrefix("127.") || address == "::1" }
}
