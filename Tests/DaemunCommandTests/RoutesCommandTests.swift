import ArgumentParser
import Testing

@testable import DaemunCommand

@Suite struct RoutesCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `routes are listed by API and preference`() throws {
        let file = try folder.write(shop, to: "shop.yaml")
        #expect(
            try RoutesCommand.List.parse([file]).report(.plain).output == """
                METHOD  HOST      PATH               API     STAGE     INTEGRATION
                ANY     *         /$default          all     $default  files
                ANY     api.test  /v1/files/{path+}  orders  $default  files
                GET     api.test  /v1/hello          orders  $default  reply 200
                POST    api.test  /v1/orders         orders  $default  orders
                GET     api.test  /v1/orders/{id}    orders  $default  orders /intern/{id}

                """
        )
    }

    @Test func `routes in JSON name their backend`() throws {
        let file = try folder.write(shop, to: "shop.yaml")
        let output = try RoutesCommand.List.parse(["--json", file]).report(.plain).output
        #expect(
            output.hasPrefix(
                #"[{"api":"all","backend":"files","host":["*"],"integration":"files","method":"ANY","#
                    + #""path":"/$default","stage":"$default"}"#
            )
        )
    }

    @Test func `faults go to standard error`() throws {
        let file = try folder.write("apis: 5\n", to: "bad.yaml")
        let report = try RoutesCommand.List.parse([file]).report(.plain)
        #expect(report.isAtFault)
        #expect(report.output.isEmpty)
        #expect(report.complaint.contains("bad.yaml:1:7"))
    }
}
