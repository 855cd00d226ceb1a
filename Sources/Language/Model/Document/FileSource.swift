internal import Foundation

/// Where configuration files come from: the disk, or texts at hand.
public struct FileSource: Sendable {
    /// The text of a file. Throws a fault without location that says why there is none.
    public var read: @Sendable (_ path: String) throws(Fault) -> String
    /// The bytes of a file. Throws a fault without location that says why there are none.
    public var readBytes: @Sendable (_ path: String) throws(Fault) -> [UInt8]
    /// The names of the files in a folder, without their path. Throws a fault without location.
    public var names: @Sendable (_ folder: String) throws(Fault) -> [String]

    /// Makes a source of files; without `readBytes` every file is text.
    public init(
        read: @escaping @Sendable (_ path: String) throws(Fault) -> String,
        readBytes: (@Sendable (_ path: String) throws(Fault) -> [UInt8])? = nil,
        names: @escaping @Sendable (_ folder: String) throws(Fault) -> [String]
    ) {
        self.read = read
        if let readBytes {
            self.readBytes = readBytes
        } else {
            self.readBytes = { (path) throws(Fault) in Array(try read(path).utf8) }
        }
        self.names = names
    }

    /// The file system. Relative paths count from the working directory.
    public static let disk = FileSource(
        read: { (path) throws(Fault) in
            guard let text = String(validating: try content(of: path), as: UTF8.self) else {
                throw Fault("the file is not text in UTF-8", text: path)
            }
            return text
        },
        readBytes: { (path) throws(Fault) in Array(try content(of: path)) },
        names: { (folder) throws(Fault) in
            do {
                return try FileManager.default.contentsOfDirectory(atPath: folder)
            } catch {
                throw Fault("the folder cannot be read (\(reason(error)))", text: folder)
            }
        }
    )

    /// Texts by path, for a configuration that is not on a disk.
    public static func texts(_ texts: [String: String]) -> FileSource {
        FileSource(
            read: { (path) throws(Fault) in
                guard let text = texts[path] else {
                    throw Fault("the file cannot be read (no such file)", text: path)
                }
                return text
            },
            names: { (folder) throws(Fault) in
                let prefix = folder == "." ? "" : folder + "/"
                return texts.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
                    .filter { !$0.contains("/") }
            }
        )
    }

    private static func content(of path: String) throws(Fault) -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw Fault("the file cannot be read (\(reason(error)))", text: path)
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile, .fileNoSuchFile: "no such file"
        case .fileReadNoPermission: "no permission"
        default: "\(error.localizedDescription)"
        }
    }
}
