import Credentials
import Exchange
import Model
import Testing

@testable import Authorization

struct CustomerTableTests {
    private static let fingerprinter = KeyFingerprinter.random()
    private static let hash = PasswordHash(of: Array("secret".utf8), cost: .least)?.description ?? ""

    private func customer(_ id: String, key: String, user: String? = nil) -> Customer {
        let digest = key.utf8.map { $0 }
        let fingerprint = Self.fingerprinter.fingerprint(of: digest.span).description
        return Customer(
            id: id,
            apiKeys: [Customer.APIKey(id: key, form: .fingerprint(fingerprint))],
            passwords: user.map { [Customer.Password(user: $0, hash: Secret(Self.hash))] } ?? []
        )
    }

    private func holder(of key: String, in table: CustomerTable) -> String? {
        let bytes = Array(key.utf8)
        return table.key(Self.fingerprinter.fingerprint(of: bytes.span))?.customer.id
    }

    @Test func `a customer takes the place of the one with its id, with other credentials`() throws {
        var table = CustomerTable(fingerprinter: Self.fingerprinter)
        try table.put(customer("acme", key: "one", user: "wiley"))
        let former = try #require(table.customer(id: "acme", isSandbox: false))
        try table.put(customer("acme", key: "two"))
        #expect(holder(of: "one", in: table) == nil && holder(of: "two", in: table) == "acme")
        #expect(table.user(named: "wiley") == nil && table.costOfUnknown == nil)
        #expect(former.isWithdrawn)
        #expect(table.count == 1)
    }

    @Test func `a customer that is removed leaves nothing`() throws {
        var table = CustomerTable(fingerprinter: Self.fingerprinter)
        try table.put(customer("acme", key: "one", user: "wiley"))
        let former = table.customer(id: "acme", isSandbox: false)
        table.remove("acme")
        #expect(!table.contains("acme") && holder(of: "one", in: table) == nil && table.user(named: "wiley") == nil)
        #expect(former?.isWithdrawn == true)
    }

    @Test(arguments: [("one", "other"), ("two", "wiley")])
    func `what another customer has is refused, and nothing changes`(_ key: String, _ user: String) throws {
        var table = CustomerTable(fingerprinter: Self.fingerprinter)
        try table.put(customer("acme", key: "one", user: "wiley"))
        try table.put(customer("bolt", key: "three"))
        let former = table.customer(id: "bolt", isSandbox: false)
        let taken = customer("bolt", key: key, user: user)
        #expect(throws: Faults.self) { try table.put(taken) }
        #expect(holder(of: "one", in: table) == "acme" && holder(of: "three", in: table) == "bolt")
        #expect(table.customer(id: "bolt", isSandbox: false) === former && former?.isWithdrawn == false)
    }

    private func signer(_ id: String, key: String) -> Customer {
        let secret = Secret(String(repeating: "s", count: 32))
        return Customer(id: id, signingKeys: [Customer.SigningKey(id: key, form: .secret(secret))])
    }

    @Test func `a signing key is one customer's and goes with it`() throws {
        var table = CustomerTable(fingerprinter: Self.fingerprinter)
        try table.put(signer("acme", key: "k"))
        let other = signer("bolt", key: "k")
        #expect(throws: Faults.self) { try table.check(other) }
        #expect(throws: Faults.self) { try table.put(other) }
        #expect(table.signer("k")?.customer.id == "acme" && !table.contains("bolt"))
        try table.put(signer("acme", key: "l"))
        #expect(table.signer("k") == nil && table.signer("l") != nil)
        table.remove("acme")
        #expect(table.signer("l") == nil)
    }

    private func holder(_ id: String, issuer: String?) -> Customer {
        let certificate = Customer.Certificate(name: .subject("CN=orders"), issuer: issuer)
        return Customer(id: id, certificates: [certificate])
    }

    @Test func `a certificate is told apart by its issuer, and goes with its customer alone`() throws {
        var table = CustomerTable(fingerprinter: Self.fingerprinter)
        try table.put(holder("acme", issuer: "CN=A"))
        try table.put(holder("bolt", issuer: "CN=B"))
        for issuer in [nil, "CN=A"] {
            let third = holder("cone", issuer: issuer)
            #expect(throws: Faults.self) { try table.put(third) }
        }
        try table.put(holder("acme", issuer: "CN=A"))
        #expect(table.holders(of: "subject:CN=orders").count == 2)
        table.remove("acme")
        #expect(table.holders(of: "subject:CN=orders").map(\.customer.id) == ["bolt"])
    }

    @Test func `a customer is another one in sandboxes, without the same key`() throws {
        var table = CustomerTable(fingerprinter: Self.fingerprinter)
        try table.put(customer("acme", key: "real"))
        try table.put(customer("acme", key: "trial"), isSandbox: true)
        #expect(holder(of: "real", in: table) == "acme" && holder(of: "trial", in: table) == "acme")
        let both = customer("acme", key: "real")
        #expect(throws: Faults.self) { try table.put(both, isSandbox: true) }
    }

    @Test func `a copy is as it was, whatever becomes of the original`() throws {
        var table = CustomerTable(fingerprinter: Self.fingerprinter)
        for number in 0..<1_000 { try table.put(customer("c\(number)", key: "k\(number)")) }
        let copy = table
        for number in 0..<1_000 where number % 2 == 0 { table.remove("c\(number)") }
        #expect(copy.count == 1_000 && table.count == 500)
        #expect(holder(of: "k0", in: copy) == "c0" && holder(of: "k0", in: table) == nil)
    }

    @Test func `a worker keeps the newer of two tables, whichever comes last`() throws {
        var table = CustomerTable(fingerprinter: Self.fingerprinter)
        try table.put(customer("acme", key: "one"))
        let early = table
        table.remove("acme")
        try table.put(customer("bolt", key: "two"))
        let directory = try CustomerDirectory([], fingerprinter: Self.fingerprinter)
        let worker = Bench().exchange.worker
        for arriving in [early, table, early] { worker.adopt(arriving) }
        #expect(directory.customer(id: "acme", isSandbox: false, on: worker) == nil)
        #expect(directory.customer(id: "bolt", isSandbox: false, on: worker) != nil)
    }

    @Test func `a worker knows its customers under the next snapshot, too`() throws {
        var table = CustomerTable(fingerprinter: Self.fingerprinter)
        try table.put(customer("acme", key: "one"))
        let directory = try CustomerDirectory([], fingerprinter: Self.fingerprinter)
        let worker = Bench().exchange.worker
        worker.adopt(table)
        worker.forgetMemories(except: [WorkerContext.liveCustomersKey])
        #expect(directory.customer(id: "acme", isSandbox: false, on: worker) != nil)
    }
}
