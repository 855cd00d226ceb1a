/// Makes listeners of their declarations: reads the files that they name, and finds where redirects lead.
struct ListenerResolution {
    let declarations: [ListenerDeclaration]
    private(set) var loader: DocumentLoader
    private(set) var faults: [Fault] = []

    init(declarations: [ListenerDeclaration], loader: DocumentLoader) {
        self.declarations = declarations
        self.loader = loader
    }

    /// The listener, which is to be used only when there are no faults.
    mutating func listener(from declaration: ListenerDeclaration) -> Listener {
        var listener = declaration.listener
        if let tls = declaration.tls { listener.tls = self.tls(from: tls) }
        if let redirect = declaration.redirect {
            if declaration.tls != nil {
                faults.add("a listener with tls has nothing to redirect", at: redirect.location)
            }
            listener.redirectPort = port(of: redirect)
        }
        if let folder = declaration.challengeFolder {
            listener.challengeFolder = FilePath.resolve(folder.value, relativeTo: folder.location.file)
        }
        return listener
    }

    private mutating func port(of redirect: Located<HTTPSTarget>) -> Int? {
        switch redirect.value {
        case .port(let port): return port
        case .listener:
            guard let target = declarations.first(where: { $0.tls != nil })?.listener, target.port != 0 else {
                faults.add("there is no listener with tls and a port; https:PORT names one", at: redirect.location)
                return nil
            }
            return target.port
        }
    }

    private mutating func tls(from declaration: TLSDeclaration) -> ServerTLS? {
        let certificates = declaration.certificates.map { certificate(from: $0.value) }
        let clients = declaration.clients.map { authentication(from: $0) }
        return ServerTLS(
            certificates: certificates.compactMap(\.self),
            policy: declaration.policy,
            http2: declaration.http2,
            clients: clients ?? nil,
            strictTransport: declaration.strictTransport
        )
    }

    private mutating func certificate(from declaration: CertificateDeclaration) -> ServerCertificate? {
        let chain = loader.loadContent(declaration.certificate)
        let key = loader.loadContent(declaration.key)
        guard let chain, let key else { return nil }
        return ServerCertificate(
            chain: chain,
            key: Secret(String(decoding: key.bytes, as: UTF8.self)),
            keyName: NamedPlace(key.name, source: key.source),
            hosts: declaration.hosts.map(\.value)
        )
    }

    private mutating func authentication(
        from declaration: ClientAuthenticationDeclaration
    ) -> ClientAuthentication? {
        let authorities = loader.loadContent(declaration.authorities)
        let revocations = declaration.revocations.flatMap { loader.loadContent($0) }
        guard let authorities else { return nil }
        return ClientAuthentication(
            authorities: authorities,
            isRequired: declaration.isRequired,
            depth: declaration.depth,
            revocations: revocations
        )
    }
}
