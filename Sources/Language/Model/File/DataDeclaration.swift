/// `data` as it is written: the sealing keys have yet to be found.
struct DataDeclaration {
    var folder: String
    var sealingKeys: [Located<SecretReference>] = []
    var isShared: Located<Bool>?
}

extension Shape<DataDeclaration> {
    /// `data`.
    static var data: Shape {
        .either(
            scalar: Shape<String>.text("a folder").map { DataDeclaration(folder: $0) },
            mapping: .record(
                "a mapping with folder",
                .required("folder", Shape<String>.text("a folder"), "The folder. It is made when it is not there."),
                .optional(
                    "sealing_keys",
                    Shape<[Located<SecretReference>]>.list(of: .secret, orOne: true, defaultText: []),
                    default: [],
                    """
                    Where the keys are found under which the secrets that customers sign with are kept, each 64 hexadecimal \
                    digits: openssl rand -hex 32. The first one seals, all open what they have sealed.
                    """
                ),
                .optional(
                    "shared",
                    Shape<Bool>.flag.located,
                    """
                    Whether all gateways of the redis server have the customers that are managed live together; each keeps a \
                    copy in its folder.
                    """
                )
            ) { DataDeclaration(folder: $0, sealingKeys: $1, isShared: $2) }
        )
    }
}
