import Credentials
import CustomerStore
import Foundation
import HTTPTypes
import Model

/// Answers what operators ask about customers, and does what they want done.
///
/// | request | does |
/// |---|---|
/// | `GET /customers?after=ID&limit=100` | tells a page of them |
/// | `GET`, `PUT`, `DELETE /customers/ID` | tells, sets, removes one; the body of `PUT` is what the file would say |
/// | `POST /customers/ID/keys` with `{"id": "first"}` | makes an API key, and tells it this once |
/// | `DELETE /customers/ID/keys/KEY` | withdraws it |
/// | `POST /customers/ID/signing-keys` | takes in what it signs with, or makes a secret; see `SigningKeyRequest` |
/// | `DELETE /customers/ID/signing-keys/KEY` | withdraws it |
/// | `PUT /customers/ID/passwords/USER`, with or without `{"password": "…"}` | sets a password; makes one unless given |
/// | `DELETE /customers/ID/passwords/USER` | withdraws it |
struct CustomerResponder: Sendable {
    let customers: any CustomerAdministration

    private static let mostInPage = 1_000

    /// The answer to a request.
    /// - Parameters:
    ///   - path: what comes after `/customers`, in its parts, decoded.
    ///   - query: what comes after `?`.
    func answer(
        _ method: HTTPRequest.Method,
        _ path: [String],
        query: String,
        body: [UInt8]
    ) async -> AdminAnswer {
        do {
            switch (method, path.count) {
            case (.get, 0), (.head, 0): return try await page(query)
            case (.get, 1), (.head, 1):
                guard let record = try await customers.customer(path[0]) else {
                    throw CustomerStoreFault.unknownCustomer(path[0])
                }
                return AdminAnswer(.ok, json: await object(record))
            case (.put, 1): return try await put(path[0], body)
            case (.delete, 1): try await customers.remove(path[0])
            case (.post, 2) where path[1] == "keys": return try await makeKey(of: path[0], body)
            case (.delete, 3) where path[1] == "keys": try await customers.removeKey(path[2], of: path[0])
            case (.post, 2) where path[1] == "signing-keys": return try await addSigningKey(of: path[0], body)
            case (.delete, 3) where path[1] == "signing-keys":
                try await customers.removeSigningKey(path[2], of: path[0])
            case (.put, 3) where path[1] == "passwords": return try await setPassword(of: path[2], path[0], body)
            case (.delete, 3) where path[1] == "passwords":
                try await customers.removePassword(of: path[2], customer: path[0])
            default: return AdminAnswer(.notFound, complaint: "there is no such request about customers")
            }
            return AdminAnswer(.noContent, type: nil, body: "")
        } catch let refusal as Refused {
            return AdminAnswer(.badRequest, complaint: refusal.reason)
        } catch let faults as Faults {
            return AdminAnswer(.badRequest, complaint: faults.all.map(\.description).joined(separator: "; "))
        } catch let declared as DeclaredInFile {
            return AdminAnswer(
                .conflict,
                complaint: "\(declared.id) stands in the configuration file: change it there"
            )
        } catch is NoSealingKey {
            return AdminAnswer(.conflict, complaint: Self.noSealingKey)
        } catch let error as CustomersNotShared {
            return AdminAnswer(.serviceUnavailable, complaint: Self.sentence(error, about: "customers"))
        } catch let fault as CustomerStoreFault {
            return AdminAnswer(Self.status(fault), complaint: Self.sentence(fault))
        } catch {
            return AdminAnswer(.internalServerError, complaint: "the store of customers fails: \(error)")
        }
    }

    private static let noSealingKey = """
        secrets are kept encrypted, and no key for that is there: make one with "openssl rand -hex 32", and name it in the \
        configuration, data: { folder: …, sealing_keys: "env:SEALING_KEY" }; or give a public key
        """

    // MARK: Requests

    private func page(_ query: String) async throws -> AdminAnswer {
        var after = ""
        var limit = 100
        for item in URLComponents(string: "?" + query)?.queryItems ?? [] {
            switch item.name {
            case "after": after = item.value ?? ""
            case "limit":
                guard let number = item.value.flatMap(Int.init), (1...Self.mostInPage).contains(number) else {
                    throw Refused(reason: "limit is a number from 1 to \(Self.mostInPage)")
                }
                limit = number
            default: throw Refused(reason: "there is no parameter \(item.name): after, limit")
            }
        }
        let page = try await customers.customers(after: after, limit: limit)
        var objects: [[String: Any]] = []
        for record in page { objects.append(await object(record)) }
        return AdminAnswer(.ok, json: ["customers": objects])
    }

    private func put(_ id: String, _ body: [UInt8]) async throws -> AdminAnswer {
        let isNew = try await customers.put(id, settings: Self.settings(body))
        guard let record = try await customers.customer(id) else { throw CustomerStoreFault.unknownCustomer(id) }
        return AdminAnswer(isNew ? .created : .ok, json: await object(record))
    }

    private func makeKey(of customer: String, _ body: [UInt8]) async throws -> AdminAnswer {
        let object = try Self.object(body)
        let isSandbox = object["sandbox"] ?? false
        guard object.keys.allSatisfy({ $0 == "id" || $0 == "sandbox" }), let isSandbox = isSandbox as? Bool,
            let id = object["id"] as? String, Customer.isName(id)
        else {
            throw Refused(
                reason: "expected {\"id\": \"NAME\"}: what the log is to call the key; and maybe \"sandbox\": true"
            )
        }
        let key = try await customers.makeKey(id, of: customer, isSandbox: isSandbox)
        return AdminAnswer(.created, json: ["id": id, "key": key])
    }

    private func addSigningKey(of customer: String, _ body: [UInt8]) async throws -> AdminAnswer {
        let key = try SigningKeyRequest.key(in: try Self.object(body))
        let secret = try await customers.addSigningKey(key, of: customer)
        return AdminAnswer(.created, json: secret.map { ["id": key.id, "secret": $0] } ?? ["id": key.id])
    }

    private func setPassword(of user: String, _ customer: String, _ body: [UInt8]) async throws -> AdminAnswer {
        let object = try Self.object(body)
        let isSandbox = object["sandbox"] ?? false
        guard object.keys.allSatisfy({ $0 == "password" || $0 == "sandbox" }), let isSandbox = isSandbox as? Bool else {
            throw Refused(
                reason: "expected {\"password\": \"…\"}, or {} to have one made; and maybe \"sandbox\": true"
            )
        }
        guard (1...256).contains(user.utf8.count), !user.contains(":") else {
            throw Refused(reason: "a user's name has 1…256 bytes and no colon")
        }
        let given = object["password"]
        guard let password = given == nil ? GeneratedSecret.password() : given as? String,
            (1...BasicCredentials.mostPasswordBytes).contains(password.utf8.count), !password.utf8.contains(0)
        else {
            throw Refused(reason: "a password has 1…\(BasicCredentials.mostPasswordBytes) bytes, none of them zero")
        }
        try await customers.setPassword(password, of: user, customer: customer, isSandbox: isSandbox)
        return AdminAnswer(.created, json: given == nil ? ["user": user, "password": password] : ["user": user])
    }

    /// Settings as they are kept: a JSON object with its members in order.
    static func settings(_ body: [UInt8]) throws -> String {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        return String(
            decoding: try JSONSerialization.data(withJSONObject: object(body), options: options),
            as: UTF8.self
        )
    }

    static func object(_ body: [UInt8]) throws -> [String: Any] {
        if body.isEmpty { return [:] }
        guard let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else {
            throw Refused(reason: "the body has to be a JSON object")
        }
        return object
    }

    // MARK: Answers

    private func object(_ record: CustomerRecord) async -> [String: Any] {
        let reasons = await customers.reasonsAgainst(record.id)
        var object = Self.object(record)
        if !reasons.isEmpty { object["faults"] = reasons }
        return object
    }

    private static func object(_ record: CustomerRecord) -> [String: Any] {
        let settings = try? JSONSerialization.jsonObject(with: Data(record.settings.utf8))
        return [
            "id": record.id,
            "settings": settings ?? [:] as [String: Any],
            "api_keys": record.keys.map(object),
            "users": record.users,
            "sandbox_users": record.sandboxUsers,
            "signing_keys": record.signingKeys.map(object),
            "created_at": text(record.createdAt),
            "changed_at": text(record.changedAt),
        ]
    }

    private static func object(_ key: CustomerRecord.Key) -> [String: Any] {
        var object: [String: Any] = ["id": key.id, "created_at": text(key.createdAt)]
        if key.isSandbox { object["sandbox"] = true }
        return object
    }

    private static func object(_ key: CustomerRecord.SigningKey) -> [String: Any] {
        var object = ["id": key.id, "kind": key.isSecret ? "secret" : "public", "created_at": text(key.createdAt)]
        object["algorithm"] = key.algorithm
        return object
    }

    static func text(_ second: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(second)).formatted(.iso8601)
    }

    private static func status(_ fault: CustomerStoreFault) -> HTTPResponse.Status {
        switch fault {
        case .unknownCustomer, .unknownKey, .unknownUser, .unknownSigningKey: .notFound
        case .keyExists, .userExists, .signingKeyExists, .tooManyKeys, .tooManyUsers: .conflict
        }
    }

    /// - Parameter subjects: what was to be changed, `customers` or `plans`.
    static func sentence(_ error: CustomersNotShared, about subjects: String) -> String {
        let outcome =
            error.mayHaveChanged
            ? "nobody knows whether the change was made: look when this is over, and withdraw what was not told"
            : "nothing was changed"
        return "\(subjects) are shared, and can't be changed now: \(error.reason); \(outcome)"
    }

    private static func sentence(_ fault: CustomerStoreFault) -> String {
        switch fault {
        case .unknownCustomer(let id): "there is no customer \(id) here"
        case .unknownKey(let id): "the customer has no key \(id)"
        case .unknownUser(let name): "the customer has no user \(name)"
        case .keyExists(let id): "the customer has a key \(id): give the new one another id"
        case .unknownSigningKey(let id): "the customer has no signing key \(id)"
        case .signingKeyExists(let id): "there is a signing key \(id), whoever has it: give the new one another id"
        case .userExists(let name): "another customer has a user \(name)"
        case .tooManyKeys: "a customer has at most \(CustomerStore.mostKeys) keys: withdraw one first"
        case .tooManyUsers: "a customer has at most \(CustomerStore.mostUsers) users"
        }
    }
}

extension AdminAnswer {
    init(_ status: HTTPResponse.Status, complaint: String) { self.init(status, json: ["error": complaint]) }

    /// An answer of what `JSONSerialization` takes.
    init(_ status: HTTPResponse.Status, json: [String: Any]) {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        let data = (try? JSONSerialization.data(withJSONObject: json, options: options)) ?? Data("{}".utf8)
        self.init(status, type: "application/json", body: String(decoding: data, as: UTF8.self) + "\n")
    }
}
