public import AWSWire
public import Admin
import Credentials
import CustomerStore
import EntityStore
import Foundation
public import Logging
import Management
public import Model

/// What AWS's tools manage: where it is kept, and who may.
public struct ManagedState: Sendable {
    /// Answers their requests.
    public let responder: ManagementResponder
    /// The key that was made at the first start; `nil` when there are keys already, or none is needed.
    public let firstKey: AccessKey?

    /// Opens what is kept in the model's folder, or makes it.
    /// - Returns: `nil` when the model has no management APIs.
    /// - Throws: faults when the folder can't be used.
    public static func open(for model: Model, logger: Logger) async throws(Faults) -> ManagedState? {
        guard let management = model.management else { return nil }
        let folder = management.isEphemeral ? nil : model.dataFolder
        guard folder != nil || management.isEphemeral else {
            throw Faults([Fault("the management APIs need a folder for what they change: name it with \"data\"")])
        }
        do {
            return try await ManagedState(management, folder: folder, logger: logger)
        } catch {
            let reason = "the management APIs can't keep what they change in this folder: \(error.localizedDescription)"
            throw Faults([Fault(reason, text: folder)])
        }
    }

    private init(_ management: Management, folder: String?, logger: Logger) async throws {
        let sealing: SealingKeys?
        if let folder {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            sealing = try StoreKey.sealing([StoreKey.text(at: folder + "/management.key")])
        } else {
            let key = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
            sealing = try StoreKey.sealing([Hexadecimal.encode(key)])
        }
        let store = try SQLiteEntityStore(path: folder.map { $0 + "/management.sqlite" })
        let now: @Sendable () -> Double = { Date().timeIntervalSince1970 }
        let seconds: @Sendable () -> Int64 = { Int64(now()) }
        let account = AccountSettings(id: management.account, partition: management.partition)
        let service = ManagementService(store: store, account: account, now: now)
        let age = management.takesAnyAge ? nil : seconds
        if let sealing, !management.isOpen {
            let keys = AccessKeys(store: store, sealing: sealing)
            firstKey = try await keys.makeFirst()
            let access = AccessGuard(.keys { try await keys.find($0) }, now: age)
            responder = ManagementResponder(
                service: service,
                access: access,
                mayBeReset: management.isEphemeral,
                logger: logger
            )
        } else {
            firstKey = nil
            responder = ManagementResponder(
                service: service,
                access: AccessGuard(.everybody, now: age),
                mayBeReset: management.isEphemeral,
                logger: logger
            )
        }
    }
}
