extension Shape<Management> {
    /// `management`.
    static var management: Shape {
        .record(
            "a mapping with account and partition",
            .optional(
                "account",
                Shape<String>.scalar("twelve digits", pattern: "^[0-9]{12}$") { (text) throws(Fault) in
                    guard text.utf8.count == 12, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                        throw Fault("expected twelve digits, in quotes", text: text)
                    }
                    return text
                },
                default: Management().account,
                "The account that all that is managed belongs to."
            ),
            .optional(
                "partition",
                Shape<String>.choice([("aws", "aws"), ("aws-cn", "aws-cn"), ("aws-us-gov", "aws-us-gov")]),
                default: Management().partition,
                "The partition in the names (ARNs) of what is managed."
            )
        ) { Management(account: $0, partition: $1) }
    }
}
