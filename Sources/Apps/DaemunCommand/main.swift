import Daemun
import Foundation
import Model

let files = CommandLine.arguments.dropFirst().filter { $0 != "run" }
let loaded = ConfigurationReader(environment: ProcessInfo.processInfo.environment).read(Array(files))
let gateway = try await Gateway.start(try loaded.model.get(), options: GatewayOptions(threads: 1))
try await Task.sleep(for: .seconds(100_000))
