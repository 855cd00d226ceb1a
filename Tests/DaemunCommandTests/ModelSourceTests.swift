import Model
import Testing

@testable import DaemunCommand

@Suite struct ModelSourceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `a proxy needs no file`() throws {
        let reading = ModelSource(origin: .proxy("http://127.0.0.1:9000/base")).read()
        let model = try reading.model.get()
        #expect(model.listeners == [Listener(port: 8080)])
        #expect(model.backends.first?.targets == [Backend.Target(host: "127.0.0.1", port: 9000, pathPrefix: "/base")])
        #expect(model.apis.first?.routes.map(\.key) == [.default])
        #expect(model.admin == nil)
        #expect(reading.paths.isEmpty)
    }

    @Test(arguments: ["ftp://x", "http://x'] }, y: [", "http://${HOME}", "", "127.0.0.1:9000"])
    func `a proxy's URL is checked and adds no structure`(url: String) {
        let reading = ModelSource(origin: .proxy(url)).read()
        guard case .failure(let faults) = reading.model else {
            Issue.record("\(url) was taken")
            return
        }
        #expect(faults.all.allSatisfy { $0.message.hasPrefix("--proxy: ") && $0.location == nil })
    }

    @Test func `the command line's ports stand over those of the files`() throws {
        let file = try folder.write(
            "listen: [{ port: 1, address: 127.0.0.1 }, 2]\napis: { a: { routes: { $default: { reply: {} } } } }\n",
            to: "a.yaml"
        )
        var source = ModelSource(origin: .files([file]))
        #expect(try source.read().model.get().listeners.map(\.port) == [1, 2])
        source.port = 3
        source.adminPort = 4
        let model = try source.read().model.get()
        #expect(model.listeners == [Listener(address: "127.0.0.1", port: 3)])
        #expect(model.admin == Admin(address: "127.0.0.1", port: 4))
    }

    @Test func `included files, missing ones and folders of patterns are watched`() throws {
        let file = try folder.write("include: [more.yaml, conf.d/*.yaml]\n", to: "a.yaml")
        let paths = ModelSource(origin: .files([file])).read().paths
        #expect(paths == [file, folder.path + "/more.yaml", folder.path + "/conf.d"])
    }
}
