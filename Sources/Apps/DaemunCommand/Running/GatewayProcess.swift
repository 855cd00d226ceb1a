import Admin
import ArgumentParser
import Daemun
import Foundation
import Logging
import Model
import NIOCore
import UnixSignals

/// The gateway of `daemun run` and what belongs to it: its configuration, its admin listener, signals and changed files.
///
/// Whatever happens comes through one stream, so that reloads never overtake one another.
final class GatewayProcess {
    private enum Event: Sendable {
        case signal(UnixSignal)
        case filesChanged
    }

    private let source: ModelSource
    private let gateway: Gateway
    private let watch: FileWatch
    private let logger: Logger
    private var admin: AdminListener?
    /// What AWS's tools manage; `nil` for nothing.
    private let managed: ManagedState?
    /// What is served.
    private var model: Model
    /// Whether the files say something else, which was refused.
    private var isBehind = false

    // MARK: Start

    /// Reads the configuration and starts to serve it.
    /// - Throws: `ExitCode.atFault` after the faults were printed, or a `CommandFailure`.
    static func start(source: ModelSource, threads: Int, logger: Logger) async throws -> GatewayProcess {
        let begun = Date()
        let reading = source.read()
        // Before the start, during which files may change or go.
        let watch = FileWatch(paths: reading.paths, reading: begun)
        do {
            let model = try reading.model.get()
            let managed = try await ManagedState.open(for: model, logger: logger)
            let gateway = try await start(model, threads: threads, logger: logger)
            let process = GatewayProcess(
                source: source,
                gateway: gateway,
                managed: managed,
                watch: watch,
                logger: logger,
                model: model
            )
            do { try await process.openAdmin() } catch {
                try await gateway.stop()
                throw error
            }
            return process
        } catch let faults as Faults {
            StandardStreams.writeError(StandardStreams.style.lines(faults))
            throw ExitCode.atFault
        }
    }

    private static func start(_ model: Model, threads: Int, logger: Logger) async throws -> Gateway {
        do {
            return try await Gateway.start(model, options: GatewayOptions(threads: threads, logger: logger))
        } catch let error as IOError {
            throw CommandFailure(opening: model.listeners.map { ($0.address, $0.port) }, option: "--port", error)
        }
    }

    private init(
        source: ModelSource,
        gateway: Gateway,
        managed: ManagedState?,
        watch: FileWatch,
        logger: Logger,
        model: Model
    ) {
        self.source = source
        self.gateway = gateway
        self.managed = managed
        self.watch = watch
        self.logger = logger
        self.model = model
    }

    /// Where it listens.
    var announcement: Announcement {
        get async {
            Announcement(
                admin: admin.map { $0.address.text },
                management: managed.map {
                    Announcement.Management(isOpen: model.management?.isOpen == true, key: $0.firstKey)
                },
                listening: await gateway.addresses.map(\.text),
                revision: await gateway.snapshot().revision
            )
        }
    }

    // MARK: Serve

    /// Serves until a signal asks to stop, and stops.
    func serve(until signals: UnixSignalsSequence) async throws {
        // A reader of the access log that went away must not end the gateway.
        signal(SIGPIPE, SIG_IGN)
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        let listening = Task { for await signal in signals { sink.yield(.signal(signal)) } }
        let watching = Task { [watch] in await watch.run { sink.yield(.filesChanged) } }
        let returning = Task { await MemoryReturn.run() }
        defer {
            returning.cancel()
            listening.cancel()
            watching.cancel()
        }
        events: for await event in events {
            switch event {
            case .filesChanged: await reload(onlyIfChanged: true)
            case .signal(.sighup):
                await gateway.reopenLogs()
                await reload(onlyIfChanged: false)
            case .signal(let signal):
                logger.notice("stopping", metadata: ["signal": "\(signal)"])
                break events
            }
        }
        watching.cancel()
        async let _: Void = Self.exitOnNextStop(events)
        try await gateway.stop()
        await admin?.stop()
    }

    @concurrent private static func exitOnNextStop(_ events: AsyncStream<Event>) async {
        for await event in events {
            guard case .signal(let signal) = event, signal != .sighup else { continue }
            exit(128 + signal.rawValue)
        }
    }

    // MARK: Reload

    private func reload(onlyIfChanged: Bool) async {
        let begun = Date()
        let reading = source.read()
        await watch.follow(reading.paths, reading: begun)
        do throws(Faults) {
            let changed = try reading.model.get()
            if onlyIfChanged, !isBehind, changed == model { return }
            guard changed.management == model.management else {
                throw Faults([Fault("the settings of the management APIs change with a restart only")])
            }
            try await gateway.reload(changed)
            isBehind = false
            let moved = changed.admin != model.admin
            model = changed
            if moved { await moveAdmin() }
        } catch {
            isBehind = true
            for fault in error.all { logger.error("configuration fault", metadata: ["fault": "\(fault)"]) }
            if case .failure = reading.model { await gateway.refuseReload(error) }
        }
    }

    // MARK: Admin

    private func openAdmin() async throws {
        guard let settings = model.admin else { return }
        do {
            admin = try await AdminListener.start(
                address: settings.address,
                port: settings.port,
                token: settings.token,
                status: gateway,
                management: managed?.responder,
                logger: logger
            )
        } catch let error as IOError {
            throw CommandFailure(opening: [(settings.address, settings.port)], option: "--admin-port", error)
        }
    }

    /// The old one is closed first: the new one may want its port.
    private func moveAdmin() async {
        await admin?.stop()
        admin = nil
        do {
            try await openAdmin()
            if let admin { logger.info("admin listening", metadata: ["address": "\(admin.address.text)"]) }
        } catch {
            logger.error("admin listener not open", metadata: ["error": "\(error)"])
        }
    }
}

extension SocketAddress {
    /// `127.0.0.1:8080` or `[::1]:8080`.
    fileprivate var text: String {
        let host = ipAddress ?? ""
        return "\(host.contains(":") ? "[\(host)]" : host):\(port ?? 0)"
    }
}
