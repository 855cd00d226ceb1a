import Foundation
import Testing

@testable import DaemunCommand

@Suite struct WatchedFilesTests {
    private let folder: TemporaryFolder
    private let file: String

    init() throws {
        folder = try TemporaryFolder()
        file = try folder.write("one", to: "a.yaml")
    }

    @Test func `nothing is told while nothing changes`() {
        var files = WatchedFiles([file])
        #expect(files.look() == .same)
        #expect(files.look() == .same)
    }

    @Test func `what was written while files were read counts as changed`() throws {
        var files = WatchedFiles([file], reading: Date(timeIntervalSinceNow: -60))
        #expect(files.look() == .changing)
        #expect(files.look() == .changed)
        #expect(files.look() == .same)
        var later = WatchedFiles([file], reading: Date(timeIntervalSinceNow: 60))
        #expect(later.look() == .same)
    }

    @Test func `a file that vanishes right after it was written and read has changed`() throws {
        var files = WatchedFiles([file], reading: Date(timeIntervalSinceNow: -60))
        try FileManager.default.removeItem(atPath: file)
        #expect(files.look() == .changing)
        #expect(files.look() == .changed)
        #expect(files.look() == .same)
    }

    @Test func `a change is told once, when it has settled`() throws {
        var files = WatchedFiles([file])
        try folder.write("three", to: "a.yaml")
        #expect(files.look() == .changing)
        try folder.write("thirteen", to: "a.yaml")
        #expect(files.look() == .changing)
        #expect(files.look() == .changed)
        #expect(files.look() == .same)
    }

    @Test func `a file that an editor puts in the old one's place is a change, even of the same size`() throws {
        var files = WatchedFiles([file])
        let other = try folder.write("two", to: "a.yaml.new")
        try FileManager.default.removeItem(atPath: file)
        #expect(files.look() == .changing)
        try FileManager.default.moveItem(atPath: other, toPath: file)
        #expect(files.look() == .changing)
        #expect(files.look() == .changed)
    }

    @Test func `a symbolic link that leads elsewhere is a change`() throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/v1", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: folder.path + "/v2", withIntermediateDirectories: true)
        try folder.write("one", to: "v1/a.yaml")
        try folder.write("two", to: "v2/a.yaml")
        let link = folder.path + "/data"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "v1")
        var files = WatchedFiles([link + "/a.yaml"])
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "v2")
        #expect(files.look() == .changing)
        #expect(files.look() == .changed)
    }

    @Test func `a file that appears is a change, in a watched folder, too`() throws {
        var missing = WatchedFiles([folder.path + "/b.yaml"])
        var whole = WatchedFiles([folder.path])
        try folder.write("b", to: "b.yaml")
        #expect(missing.look() == .changing)
        #expect(whole.look() == .changing)
    }

    @Test func `a change between reading and following is not lost`() throws {
        var files = WatchedFiles([file])
        try folder.write("four", to: "a.yaml")
        files.follow([file, folder.path])
        #expect(files.look() == .changing)
        files.follow([folder.path])
        #expect(files.look() == .same)
    }
}
