import Foundation

/// A folder that lives as long as this value.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("daemun-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        return file
    }
}

/// The repository's folder.
let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// The configuration that most tests ask about.
let shop = """
    listen: 8080
    apis:
      orders:
        host: api.test
        path: /v1
        routes:
          POST /orders: orders
          GET /orders/{id}: { to: orders, path: "/intern/{id}" }
          ANY /files/{path+}: { to: files, method: GET }
          GET /hello: { reply: { text: hello } }
      all:
        routes: { $default: files }
    backends:
      orders: { targets: [http://a.test:1, { url: http://b.test/base, weight: 3 }], balance: hash(ip) }
      files: { targets: http://c.test }

    """
