public import Exchange
import Integrations
public import Model
import Pipeline

/// A gateway in this process.
public final class Gateway: Sendable {
    private let plane: DataPlane

    private init(plane: DataPlane) { self.plane = plane }

    /// Starts a gateway that serves a model.
    public static func start(_ model: Model, threads: Int, steps: [any Step] = []) async throws -> Gateway {
        let snapshot = try Snapshot(model, revision: 1, steps: steps)
        let plane = try await DataPlane.start(snapshot, targets: TargetDirectory(), threads: threads)
        _ = try await plane.listen(on: model.listeners)
        return Gateway(plane: plane)
    }
}
