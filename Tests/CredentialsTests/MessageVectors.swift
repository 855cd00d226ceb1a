import Testing

@testable import Credentials

/// The test vectors of RFC 9421, appendix B: those of requests.
struct MessageVector: Sendable, CustomTestStringConvertible {
    var label: String
    var algorithm: MessageAlgorithm
    var input: String
    /// The lines of the signature base before the last one.
    var lines: [String]
    var signature: String

    var testDescription: String { label }

    /// B.2's request, or, for `ttrp`, B.3's, with this signature.
    var request: PlainRequest {
        PlainRequest(
            method: "POST",
            authority: label == "ttrp" ? "service.internal.example" : "example.com",
            target: "/foo?param=Value&Pet=dog",
            fields: [
                ("date", "Tue, 20 Apr 2021 02:07:55 GMT"), ("content-type", "application/json"),
                ("content-digest", Self.digest), ("content-length", "18"), ("client-cert", ":\(Self.certificate):"),
                ("signature-input", "\(label)=\(input)"), ("signature", "\(label)=:\(signature):"),
            ],
            hasContent: true
        )
    }

    func key() throws -> MessageKey {
        let material =
            switch algorithm {
            case .hmac: try KeyMaterial(secret: Base64.padded.decode(Array(Self.sharedSecret.utf8)) ?? [])
            case .ed25519: try KeyMaterial(pem: Self.ed25519)
            case .ecdsaP256, .ecdsaP384: try KeyMaterial(pem: Self.p256)
            case .rsaPSS, .rsaPKCS1: try KeyMaterial(pem: Self.rsaPSS)
            }
        return try MessageKey(material)
    }

    static let created: Int64 = 1_618_884_473
    static let content = Array(#"{"hello": "world"}"#.utf8)
    static let digest = """
        sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew=\
        =:
        """
    static let certificate = """
        MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxB\
        IEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZI\
        zj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJi\
        Ny6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMC\
        BsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUC\
        IBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=
        """
    static let sharedSecret = """
        uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==
        """
    static let rsaPSS = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
        +QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
        oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
        gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
        Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
        aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
        2wIDAQAB
        -----END PUBLIC KEY-----
        """
    static let p256 = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
        w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
        -----END PUBLIC KEY-----
        """
    static let ed25519 = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
        -----END PUBLIC KEY-----
        """

    static let all: [MessageVector] = [
        MessageVector(
            label: "sig-b21",
            algorithm: .rsaPSS,
            input: #"""
                ();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"
                """#,
            lines: [],
            signature: """
                d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf\
                8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2Vj\
                BqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAn\
                LH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==
                """
        ),
        MessageVector(
            label: "sig-b22",
            algorithm: .rsaPSS,
            input: #"""
                ("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-k\#
                ey-rsa-pss";tag="header-example"
                """#,
            lines: [
                #""@authority": example.com"#,
                "\"content-digest\": \(digest)",
                #""@query-param";name="Pet": dog"#,
            ],
            signature: """
                LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5q\
                H7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYh\
                pTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV\
                2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==
                """
        ),
        MessageVector(
            label: "sig-b23",
            algorithm: .rsaPSS,
            input: #"""
                ("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-l\#
                ength");created=1618884473;keyid="test-key-rsa-pss"
                """#,
            lines: [
                #""date": Tue, 20 Apr 2021 02:07:55 GMT"#,
                #""@method": POST"#,
                #""@path": /foo"#,
                #""@query": ?param=Value&Pet=dog"#,
                #""@authority": example.com"#,
                #""content-type": application/json"#,
                "\"content-digest\": \(digest)",
                #""content-length": 18"#,
            ],
            signature: """
                bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRR\
                U5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFk\
                h/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZ\
                H896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==
                """
        ),
        MessageVector(
            label: "sig-b25",
            algorithm: .hmac,
            input: #"""
                ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"
                """#,
            lines: [
                #""date": Tue, 20 Apr 2021 02:07:55 GMT"#,
                #""@authority": example.com"#,
                #""content-type": application/json"#,
            ],
            signature: """
                pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=
                """
        ),
        MessageVector(
            label: "sig-b26",
            algorithm: .ed25519,
            input: #"""
                ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473\#
                ;keyid="test-key-ed25519"
                """#,
            lines: [
                #""date": Tue, 20 Apr 2021 02:07:55 GMT"#,
                #""@method": POST"#,
                #""@path": /foo"#,
                #""@authority": example.com"#,
                #""content-type": application/json"#,
                #""content-length": 18"#,
            ],
            signature: """
                wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==
                """
        ),
        MessageVector(
            label: "ttrp",
            algorithm: .ecdsaP256,
            input: #"""
                ("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key\#
                -ecc-p256"
                """#,
            lines: [
                #""@path": /foo"#,
                #""@query": ?param=Value&Pet=dog"#,
                #""@method": POST"#,
                #""@authority": service.internal.example"#,
                "\"client-cert\": :\(certificate):",
            ],
            signature: """
                xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==
                """
        ),
    ]
}
