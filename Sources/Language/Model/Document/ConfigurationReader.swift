/// Reads configuration files to a model.
///
/// ```swift
/// let reader = ConfigurationReader(environment: ProcessInfo.processInfo.environment)
/// let model = try reader.read(["gateway.yaml"]).model.get()
/// ```
public struct ConfigurationReader: Sendable {
    private let environment: [String: String]
    private let source: FileSource

    /// Makes a reader.
    /// - Parameters:
    ///   - environment: the variables that `${NAME}` in the files stands for.
    ///   - source: where the files come from.
    public init(environment: [String: String], source: FileSource = .disk) {
        self.environment = environment
        self.source = source
    }

    /// Reads files, what they include and the OpenAPI documents they name.
    public func read(_ paths: [String]) -> LoadedConfiguration {
        var loader = DocumentLoader(source: source, environment: Environment(values: environment))
        let document = loader.load(paths)
        var faults: [Fault] = []
        let file = ConfigurationFile.shape.read(document, &faults)
        var model: Model?
        // Without one of the files, names that it has would be faulted as unknown.
        if let file, loader.isComplete {
            var assembly = ModelAssembly(loader: loader)
            model = assembly.model(from: file)
            faults += assembly.faults
            loader = assembly.loader
        }
        faults += loader.faults
        let result: Result<Model, Faults> =
            if let model, faults.isEmpty {
                .success(model)
            } else {
                .failure(Faults(faults.sorted(byFiles: loader.files)))
            }
        return LoadedConfiguration(model: result, files: loader.files, folders: loader.folders)
    }
}

/// What came of reading a configuration.
public struct LoadedConfiguration: Sendable {
    /// The model, or everything that is wrong, in the order of the files.
    public let model: Result<Model, Faults>
    /// The files that were read or asked for, in that order, also when there are faults: a change of one may mend it.
    public let files: [String]
    /// The folders in which patterns such as `conf.d/*.yaml` looked for files: a new file there changes the result.
    public let folders: [String]
}
