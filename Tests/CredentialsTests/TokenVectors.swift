/// Tokens and keys that another implementation (pyca/cryptography, which stands on OpenSSL) made.
enum TokenVectors {
    /// The public keys: `rsa`, `ec256`, `ec384`, `ec512` and `ed`.
    static let keySet = """
        {"keys":[
        {"kty":"RSA","kid":"rsa","use":"sig","n":"vhUaSWGC0hmtrYwK0m9pb_2u9Cf00D32HSCowAdc9I40u_YHry0AUl\
        DWKmKLZIiwZbSxa_uUiiIIJK4AKKHOIlkL90OyWUzK6g46vJ1Ng3muAB1dyJM-DxazRMTdHtukeoNwxKEvE8cRUYwDTcDkMy\
        4HwBAVk7ENcXW5M-ulYPwHuYripriBBRMSZdGUzEkn9vLaOwv6kA4RXJyCJQPS_jKzDnKLCWN09xKYx3sqpPm_qK6flrDxWa\
        0qzTQOOYocwOKMUgtST_Noi9co1tbZpmV3LZztI-khheHVhHJzi5oTrN_FJ7wc59PBNXapRKDLOF3fTjNZ4jGsCMAx5owsnQ\
        ","e":"AQAB"},
        {"kty":"EC","kid":"ec256","crv":"P-256","x":"S6MaxQgAvptPP-wOSLiWglGDDbhI3NwuJeYmgH_ZGg0","y":"Q\
        50vm8PMIhxrcEN-ydaBFgJOGuMhd7Ul_vKSK2Wf-no","alg":"ES256","key_ops":["verify"]},
        {"kty":"EC","kid":"ec384","crv":"P-384","x":"ozlR8nK7yw98iL5RSQa9MbdyyuI3xSJnhy3ELuiJnUx3TXGTZty\
        OGYSjGIVbOuxc","y":"2-enJV9LHivu2GmAvn30HLJ01IlpYyp4XkTUuoC_wPe0OcaCKo0xDkCLrR_e2Up2","alg":"ES3\
        84","key_ops":["verify"]},
        {"kty":"EC","kid":"ec512","crv":"P-521","x":"ASVSEgeCg9sliXK9DBUWdHyUdNMPIBlvgC-pJ6fHABHCj-2OZb1\
        Hanwlj3sOl2PwRq__C2TD1kLE8Juxasr50bl1","y":"AdhaabXIEXudazwNcCpqkduaN0wQLsBjhyyms7btKvsSU2YkBpFC\
        JDwGReIWyLIpGWDxQ1q7qvslGdw3tiFtpMuN","alg":"ES512","key_ops":["verify"]},
        {"kty":"OKP","kid":"ed","crv":"Ed25519","x":"Iww3wBWwcNXsIRyFhy-VvEhNhLIO4bI_m6x11l2tflQ"}
        ]}
        """

    /// The coordinates of `ec256`.
    static let point = (
        x: "S6MaxQgAvptPP-wOSLiWglGDDbhI3NwuJeYmgH_ZGg0",
        y: "Q50vm8PMIhxrcEN-ydaBFgJOGuMhd7Ul_vKSK2Wf-no"
    )

    /// The RSA key in PEM.
    static let rsaPEM = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvhUaSWGC0hmtrYwK0m9p
        b/2u9Cf00D32HSCowAdc9I40u/YHry0AUlDWKmKLZIiwZbSxa/uUiiIIJK4AKKHO
        IlkL90OyWUzK6g46vJ1Ng3muAB1dyJM+DxazRMTdHtukeoNwxKEvE8cRUYwDTcDk
        My4HwBAVk7ENcXW5M+ulYPwHuYripriBBRMSZdGUzEkn9vLaOwv6kA4RXJyCJQPS
        /jKzDnKLCWN09xKYx3sqpPm/qK6flrDxWa0qzTQOOYocwOKMUgtST/Noi9co1tbZ
        pmV3LZztI+khheHVhHJzi5oTrN/FJ7wc59PBNXapRKDLOF3fTjNZ4jGsCMAx5ows
        nQIDAQAB
        -----END PUBLIC KEY-----
        """

    /// The secret of the HS tokens, whose `kid` is `secret`.
    static let secret = [UInt8](0..<64)

    /// The payload of all tokens: issuer `https://id.example`, subject `c-1`, audiences `orders` and `bills`, from
    /// 1700000000 to 2000000000, scopes `orders.read` and `orders.write`, and a `tier` of `gold`.
    static let payload = """
        eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJjLTEiLCJhdWQiOlsib3JkZXJzIiwiYmlsbHMiXSwiZXhwIjoy\
        MDAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImlhdCI6MTcwMDAwMDAwMCwic2NvcGUiOiJvcmRlcnMucmVhZCBvcmRlcnMu\
        d3JpdGUiLCJ0aWVyIjoiZ29sZCJ9
        """

    /// A token of each algorithm: its name, and its header and signature around the payload.
    static let tokens: [(algorithm: String, text: String)] = [
        (
            "RS256",
            """
            eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.\(payload).\
            W0UNeVyF5QG0XRfklPZ8dUMSgsf_6n7AYi3BB6lA6H6vL6P0QGU7MyTTuk0FOoxgaKRdAoa8LJDO9vn6xKNCUDIq0vRnELHF\
            1aqPiexroHSca1QsajzCEAhnZkcLHGbJXtfZtEud7muFWT2Fwm-QNWRP8qkvu69ITm3vLg1c5DETARzHtqaobFLjWkqFUz2B\
            W3zNu3VSU4ztcfmNvHtyU3AqPI-JJ4ZXIW7C8yfhDrzXDopC1XAPcdB2OVwHNFQEKRlcZthKKqmMyBfqDSi18fsAbAAHxNvl\
            w7n0PRtdK4UOgojB_uqsrGLUwkQpbECo7cqueiRx6aXyZAjeKNr5qw
            """
        ),
        (
            "RS384",
            """
            eyJhbGciOiJSUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.\(payload).\
            CcU0q8HwqfeeeXJ1Rt6OKFzu3Oi1PVpBM0bRr-Bo9-WvdVyAyn0BqUU1Qyh6wCIfmfmUNXxvRgwZIKl2__fDLREBuKfLyzTV\
            fsKgNa2GI46IUkaBpniDI5PWfujr4JKAAHzf59IGiQocwuYRvwS1VX6l2v5MzF_ydqgpzBIDZ-hJqBHYLOs-KgLrtxaLZ7kX\
            3STYtGLMvrba5IOBiEccLx4Fvri8PCGVrxYhYLvSeeno3A4MoqD9npbkKUAotqT2hETg-YIbLZ6zcqh7-ilEqBwdj9FtWQ2Y\
            B-tImpZQqYOzMnvfbbH981MfIXxxuYpLYvAg4rMHUdBpmHu261ZMfg
            """
        ),
        (
            "RS512",
            """
            eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.\(payload).\
            GalUdkAfQ115hDYd-7YUoUxIDswR8yRL0DfmuSz02Txv9FmEWWZwTl0R_Q295JC8N-bb6r_4e_M18E0qvuUudSivXYNoFScW\
            lhBgUSX8sFj86ognY69jX2SOuVYbxoFmIqXhlvuFeyTZssqeOsJEHEktOk2sxtNFcYMzOWgfHs3Kk-srt89U6gGMKVrG2yhA\
            feaui5GjICAnSQFa8VMMy-bnM96mg3NxUJIa5Ewdtf7Te0EWdVX8nzqBWeFguFzVr3nT4YBz7YisFdBngWdL7NMZioHNQBHe\
            crk4v0_Cw0MXdctamwLU7-VmHZu-5E0KL03H-8yMZZDACD-L_2YXYw
            """
        ),
        (
            "PS256",
            """
            eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.\(payload).\
            DBe-lljYiQlMl9FxOdQj8lgU1KeBCOZMHolO22O-fs-s8q5EBG1SKZsDo5H7S6Hz5Opsr6CJNTQM7zwQMAYxXkC3bhs5FIrW\
            VqxHCxjjeLX0PrWXCeTucU_2svcn1Pdcoq6T95fTpXLnh4xmguJL2trCPYSv6u8ByBz-XCpwNs_fSgqpaMu_IaQhIMufcjNV\
            KNtbOLNguS57rRUmauuPSo6U80zuIXDnnfXTVh1RB2iWCPJuDKpXVmQI338bIbxtUqf8AC8C11Sa9JZzJqG4XRpJYx3zZjOR\
            OLvHvsv3c8kr6xpvH-D6ttbgTpTlqCm7BPXdBm_pAxvWLzbrNg49sw
            """
        ),
        (
            "PS384",
            """
            eyJhbGciOiJQUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.\(payload).\
            uojJfZ8KLJEd4G9Bvx1AFAauV8H-k0XeAumcX1sJKTgsHrsb4kuvtt46TYK7DsXsXw_W-a2DSe7HixOuhaS-NQsLkGzENGWA\
            BLswqJ-qnq-zGZPCzNCFAXW-jEircqlZw9AFbfEs0uaUTi0_6JGgotcYL02HwdgUUVh1WGcgcx-3PyAuWoO-nApMhNbXnNzw\
            SbW2OqrT8mrm1rD3Xu_6Md2SFiauHcjjNN0d-egh_DgWp7cm7bSVqoWLvmsOfp9L-JDzaBOVvvJpkpCBbsd9O63dgd8b6lmn\
            WDjkqjGQ6urIS9-SOohR9JpNIVzMbW28CITV3YT7xivJNK2cfvYDeg
            """
        ),
        (
            "PS512",
            """
            eyJhbGciOiJQUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.\(payload).\
            p47ORqdqf4-fVNxkCdl2i6MGyjPzqnutffsyv4tqBwFwd4yk2PBBEQIEGs7pP6SRqAPqW2FrEs_g6affcDvaZr48tsTepywU\
            4JULs2ylXbyGby15TCnbOeGyAH8KFRGaCwQn9p9tYR0ZNb9AV8BBmXDENEAhyiVy1D5L4A8MRwqRY2Er9bpaZqZQyMrqo4z0\
            GdcIQNDe1Xy1gkjQwCowUjl6aLRstClB2eVCLsGTSjnsce2TKTb3jTTYli_mZ2WVv8ghH52pJiEoiRv1MC105uP5b67mKV5Z\
            kwapDtjWqsWj3X341MJkPwmIWLG1iYl-XmNY2lV8HMbxVSc16ZHOVQ
            """
        ),
        (
            "ES256",
            """
            eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImVjMjU2In0.\(payload).\
            Gi5_5HZGy5dhw-WmOrSlyeykMLH5XUkYq77zihIFGTTkQD0N1dQacAo05NRYyHCvvszbuRIXI-M6MDByPCHbnA
            """
        ),
        (
            "ES384",
            """
            eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6ImVjMzg0In0.\(payload).\
            tf-v4358-kLE2soA9pbakyaREZJUvj8XN1YRxaq2TCuQdnAbNcUprFyjqHuWDZljyF90VO2YoUOgtwhhmmcS7BJgGtlmsc99\
            mIfExlCwRfaWhXExPT8aqv0bAlxeWl6N
            """
        ),
        (
            "ES512",
            """
            eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6ImVjNTEyIn0.\(payload).\
            AL55ZU5Y7q59wbPB3yi-hBTr8mN-Eh78PBsCW1YYYSLYiq8pgL1M252URAWiYonJ9IRPIGiBxKiFLhSGEVilo1MkAXKFuDYE\
            Gdcg8c4z61pBHPImL81NKkEhTqWs3REqtANLmcSCdoNiCPA0E1ov2oSogYiam3sjPvsABGQXSXuM904E
            """
        ),
        (
            "EdDSA",
            """
            eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImVkIn0.\(payload).\
            cRrxzBcLZpjC9U_rDl6p7nPhnGGlWN0IQOe9G0xiILTi0QKvWWZXY7RQWOIbAYv4E5CDYfRtgteseo_I9KDQBw
            """
        ),
        (
            "HS256",
            """
            eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InNlY3JldCJ9.\(payload).\
            nafidK9eCjUdP5Sn9dAyuyxtlwEr5J2iiS8P2LPEGkc
            """
        ),
        (
            "HS384",
            """
            eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6InNlY3JldCJ9.\(payload).\
            kVVukhuEAAgt0UQWI_Z48f6IOUBEqloIb1e66RsWG3jeYciakY5cs4CBUvbd4x8H
            """
        ),
        (
            "HS512",
            """
            eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6InNlY3JldCJ9.\(payload).\
            G0WooU6yWm3LmtObnfUs2YIfwBbLcJIIUDSUtGInd-CLj0h5G31r__ReSWUJD_Iw5JiglmwyVw08SvP04HJu9Q
            """
        ),
    ]

    static func token(_ algorithm: String) -> [UInt8] {
        Array(tokens.first { $0.algorithm == algorithm }?.text.utf8 ?? "".utf8)
    }
}
