public import Authorization
public import Credentials
public import Exchange
public import Integrations
public import Listen
public import Model
import Observation
import Routing
public import Throttling

/// A model compiled for the request path. Immutable: a reload makes another one, and each worker changes over between two events.
public final class Snapshot: Sendable {
    /// Counts the snapshots of a process from 1.
    public let revision: Int
    /// What was compiled.
    public let model: Model
    let metricsLayout: MetricsLayout
    /// `nil` when there is no access log.
    let accessLogFormat: AccessLogFormat?
    /// The sockets, in the order of the model.
    public let listeners: [ListenerPlan]
    /// In the order of the model.
    public let backends: [BackendPlan]
    /// The authorizers and customers.
    public let authorization: AuthorizationPlan
    /// The limits on speed and number of calls.
    public let limits: LimitPlan
    let router: Router
    let plans: ContiguousArray<Plan>
    /// Where the plans of each API start in `plans`.
    let firstPlan: ContiguousArray<Int>
    /// By the position of the API; empty when none has versions.
    let versions: ContiguousArray<VersionPlan?>

    /// Compiles a model.
    /// - Parameters:
    ///   - revision: the number of the new snapshot.
    ///   - steps: what every call passes before its integration, in this order, once it is known who calls.
    ///   - fingerprinter: makes the hashes that API keys are found by; the former's unless given.
    ///   - quotas: who fills the reserves of quotas; without one, calls that stand under a quota are answered 503.
    ///   - nonces: those of signatures that other gateways refuse, too.
    ///   - rates: who leases the tokens of shared rates.
    ///   - former: the snapshot that this one replaces; TLS contexts that have not changed are taken over from it.
    /// - Throws: all faults at once.
    public init(
        _ model: Model,
        revision: Int,
        steps: [any Step] = [],
        fingerprinter: KeyFingerprinter? = nil,
        quotas: QuotaKeeper? = nil,
        rates: SharedRates? = nil,
        nonces: (any SharedNonces)? = nil,
        former: Snapshot? = nil
    ) throws(Faults) {
        self.revision = revision
        self.model = model
        router = try Router(apis: model.apis)
        authorization = try AuthorizationPlan(
            model,
            fingerprinter: fingerprinter,
            sharedNonces: nonces,
            former: former?.authorization
        )
        limits = try LimitPlan(model, keeper: quotas, rates: rates, former: former?.limits)
        var faults: [Fault] = []
        let listeners = Self.listeners(of: model, former: former, &faults)
        var names: [String: Int] = [:]
        var backends: [BackendPlan] = []
        var earlier: [String: BackendPlan] = [:]
        for plan in former?.backends ?? [] { earlier[plan.settings.name] = plan }
        for (index, backend) in model.backends.enumerated() {
            names[backend.name] = index
            do throws(Fault) {
                backends.append(try BackendPlan(backend, former: earlier[backend.name]))
            } catch {
                faults.append(error)
            }
        }
        var compiler = PlanCompiler(
            authorization: authorization,
            limits: limits,
            steps: steps,
            backends: names,
            backendChoices: BackendChoice.choices(of: model.customers + model.liveCustomers, positions: names, &faults),
            tabledAPIs: model.tabledAPIs
        )
        var plans: ContiguousArray<Plan> = []
        var firstPlan: ContiguousArray<Int> = []
        for api in model.apis {
            firstPlan.append(plans.count)
            let reserved = AuthorizationPlan.reservedFields(of: api)
            for route in api.routes {
                do throws(Fault) {
                    plans.append(try compiler.plan(for: route, of: api, index: plans.count, reserved: reserved))
                } catch {
                    faults.append(error)
                }
            }
        }
        versions = VersionPlan.plans(of: model, revision: revision, authorization: authorization, &faults)
        var format: AccessLogFormat?
        if let accessLog = model.accessLog {
            do throws(Fault) { format = try AccessLogFormat.compile(accessLog.format) } catch { faults.append(error) }
        }
        guard faults.isEmpty else { throw Faults(faults) }
        self.listeners = listeners
        self.backends = backends
        accessLogFormat = format
        metricsLayout = MetricsLayout(routes: plans.compactMap(\.identity))
        self.plans = plans
        self.firstPlan = firstPlan
    }

    private static func listeners(of model: Model, former: Snapshot?, _ faults: inout [Fault]) -> [ListenerPlan] {
        var listeners: [ListenerPlan] = []
        for listener in model.listeners {
            let known = former?.listeners.first { $0.listener.socket == listener.socket }
            do throws(Fault) {
                listeners.append(try ListenerPlan(listener, former: known))
            } catch {
                faults.append(error)
            }
        }
        return listeners
    }
}
