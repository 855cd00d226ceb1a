import NIOCore
import Testing

@testable import Exchange

@Suite struct ResponseFieldsTests {
    private let added = ResponseFields(
        [ReplyField("Deprecation", "@1"), ReplyField("Link", "</b>; rel=sunset"), ReplyField("Api_Version", "2")],
        keeping: ["link"]
    )

    @Test func `fields are written as lines, and in lower case for HTTP/2`() {
        #expect(String(buffer: added.lines) == "Deprecation: @1\r\nLink: </b>; rel=sunset\r\nApi_Version: 2\r\n")
        #expect(added.fields.map(\.name) == ["deprecation", "link", "api_version"])
    }

    @Test func `a backend's fields of the same names give way, unless they may stay`() {
        var section = FieldSection()
        var bytes = ByteBuffer()
        for name in [
            "Link", "DEPRECATION", "Deprecation-Note", "deprecation", "API_Version", "Api\u{7F}Version", "X-A",
        ] {
            let start = bytes.readableBytes
            bytes.writeString(name + ": x\r\n")
            section.fields.append(
                Field(
                    name: ByteRange(start: start, count: name.utf8.count),
                    value: ByteRange(start: start + name.utf8.count + 2, count: 1),
                    known: .other,
                    isCanonical: true
                )
            )
        }
        let kept = added.without(replacedIn: section, of: bytes).fields.map { field in
            String(decoding: bytes.readableBytesView[field.name.range], as: UTF8.self)
        }
        #expect(kept == ["Link", "Deprecation-Note", "Api\u{7F}Version", "X-A"])
    }
}
