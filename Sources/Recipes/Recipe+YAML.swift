import Checkpoints
import Datasets
import Foundation
import Merging
import SystemPackage
import Yams

extension Recipe {
  /// Reads and checks a recipe; nothing that it names is opened.
  ///
  /// - Parameter methods: what merge methods say of themselves.
  package init(path: FilePath, methods: [MethodDeclaration]) throws(RecipeError) {
    let file: MappedFile
    do throws(FileAccessError) { file = try MappedFile(path: path) } catch {
      throw .unreadable(path, reason: error.problem)
    }
    try self.init(file, methods: methods)
  }

  package init(_ file: MappedFile, methods: [MethodDeclaration]) throws(RecipeError) {
    // The bytes are mapped as long as the file object lives.
    defer { withExtendedLifetime(file) {} }
    guard file.bytes.count <= Self.maximumBytes else {
      throw .unreadable(
        file.path, reason: "it has \(file.bytes.count) bytes, and a recipe at most \(Self.maximumBytes)")
    }
    guard let text = String(validating: file.bytes, as: UTF8.self) else {
      throw .unreadable(file.path, reason: "it is no readable UTF-8 text")
    }
    // A byte order mark says in which encoding the text is, and is no part of it.
    let start = text.unicodeScalars.first == "\u{FEFF}" ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
    try self.init(text: String(start), path: file.path, methods: methods)
  }

  package init(text: String, path: FilePath, methods: [MethodDeclaration]) throws(RecipeError) {
    let top = try RecipeNode(
      Self.compose(text, path), path: path, name: "a recipe",
      known: ["merge_method", "models", "base_model", "parameters", "dtype", "out_dtype", "heads", "compatibility"])
    guard let method = try top.choice("merge_method", among: methods, \.name) else {
      throw .missingKey(path, line: 1, key: "merge_method")
    }
    guard let entries = try top.sequence("models") else { throw .missingKey(path, line: 1, key: "models") }
    let heads = try top.choice("heads", of: HeadPolicy.self) ?? .keep
    var models: [Model] = []
    for entry in entries { models.append(try Self.model(entry, path, method, heads)) }
    var names: Set<String> = []
    for model in models where !names.insert(model.name).inserted {
      throw .duplicateName(path, line: model.line, name: model.name)
    }
    guard models.count >= 2 else {
      throw .outOfRange(
        path, line: top.line(of: "models"), key: "models", value: "a single entry", allowed: "at least two models")
    }
    if heads == .resolve, let model = models.first(where: { $0.data == nil }) {
      throw .missingKey(path, line: model.line, key: "data")
    }
    for model in models where method.needsData && model.data == nil {
      guard model.statistics != nil else { throw .missingKey(path, line: model.line, key: "data") }
      // What it sums is of the merged layers' outputs, which no file can hold beforehand.
      guard !method.isLayerwise else {
        throw method.usualStatistics.isEmpty
          ? .notApplicable(path, line: model.line, key: "statistics", method: method.name)
          : .missingKey(path, line: model.line, key: "data")
      }
    }
    // mergekit computes in `dtype` and writes in `out_dtype`, which defaults to it; here all sums are in double.
    let workingType = try top.choice("dtype", of: OutputType.self)
    let outType = try top.choice("out_dtype", of: OutputType.self)

    self.path = path
    self.text = text
    self.method = method
    self.baseModel = try top.string("base_model")
    if method.needsBase, baseModel == nil { throw .missingKey(path, line: 1, key: "base_model") }
    self.models = models
    self.outputType = outType ?? workingType ?? .float32
    self.heads = heads
    let parameters = try Parameters(top, method, among: methods, heads: heads, models: models)
    self.settings = parameters.settings
    self.sampling = parameters.sampling
    self.compatibility = parameters.compatibility
  }

  private static func compose(_ text: String, _ path: FilePath) throws(RecipeError) -> Node {
    try checkExpansion(of: text, path)
    try checkComments(of: text, path)
    // Without rules: what is a number or null is decided where one is read, and looking at every text would take most
    // of the time.
    switch Result(catching: { try Yams.compose(yaml: text, .basic) }) {
    case .success(let node?): return node
    case .success(nil): throw .missingKey(path, line: 1, key: "merge_method")
    case .failure(let error as YamlError): throw RecipeError(error, in: text, path: path)
    case .failure(let error): throw .invalidYAML(path, line: 1, reason: "\(error)")
    }
  }

  /// Leaves room for what is put before and behind a name in the names of checkpoints and of files that are not yet
  /// complete.
  private static let maximumNameBytes = 180

  private static func model(
    _ node: Node, _ path: FilePath, _ method: MethodDeclaration, _ heads: HeadPolicy
  ) throws(RecipeError) -> Model {
    let entry = try RecipeNode(
      node, path: path, name: "an entry of models",
      known: ["name", "model", "data", "statistics", "validation", "test", "parameters"])
    let reference = try entry.requiredString("model")
    let name = try entry.string("name") ?? FilePath(reference).lastComponent?.string ?? reference
    // The name becomes a directory beside these, also where the file system does not tell cases apart.
    let reserved = ["backbone", "manifest.json", "report.html", "search.json"]
    let allowed = name.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        || [0x2D, 0x2E, 0x5F].contains($0)
    }
    guard allowed, name.utf8.count <= maximumNameBytes, !name.hasPrefix("."), !reserved.contains(name.lowercased())
    else {
      throw .invalidName(path, line: entry.line, name: name)
    }
    let weighing = SettingDeclaration(
      "weight", method.weights == .shares ? SettingDeclaration.nonNegative : SettingDeclaration.finite, .number(1))
    let own = [weighing] + method.modelSettings
    var settings =
      try entry.value("parameters").map { node, _ throws(RecipeError) in
        try RecipeNode(node, path: path, name: "parameters", known: own.map(\.key)).values(of: own)
      } ?? [:]
    var weight = 1.0
    if case .number(let given)? = settings.removeValue(forKey: weighing.key) { weight = given }
    let data = try data("data", entry, path)
    let statistics = try entry.value("statistics").map { node, _ throws(RecipeError) in
      node.scalar != nil ? [try entry.requiredString("statistics")] : try entry.strings("statistics") ?? []
    }
    // Both have a use where the examples are needed beside their statistics.
    let takesBoth = !method.usualStatistics.isEmpty && (method.isLayerwise || heads == .resolve)
    if data != nil, statistics != nil, !takesBoth {
      throw .notApplicable(path, line: entry.line(of: "statistics"), key: "statistics", method: "a model with data")
    }
    return Model(
      name: name, model: reference, data: data, statistics: statistics,
      validation: try Self.data("validation", entry, path), test: try Self.data("test", entry, path), weight: weight,
      settings: settings, line: entry.line)
  }

  /// `data: FILE`, or a mapping with `file` and how to read it; likewise under other keys.
  private static func data(_ key: String, _ entry: RecipeNode, _ path: FilePath) throws(RecipeError) -> Data? {
    guard let (node, _) = entry.value(key) else { return nil }
    if node.scalar != nil { return Data(file: try entry.requiredString(key)) }
    let mapping = try RecipeNode(
      node, path: path, name: key, known: ["file", "columns", "label", "labels", "on_bad_row"])
    return Data(
      file: try mapping.requiredString("file"), columns: try mapping.strings("columns"),
      label: try mapping.string("label"), labels: try labels(of: mapping),
      badRows: try mapping.choice("on_bad_row", of: BadRowPolicy.self) ?? .error)
  }

  /// `labels: by_name`, `by_number`, or a mapping of what the file has to classes.
  private static func labels(of data: RecipeNode) throws(RecipeError) -> LabelReading {
    guard let (node, line) = data.value("labels") else { return .recognized }
    if let word = node.scalar?.string {
      guard let reading = LabelReading(word: word) else {
        throw .unknownValue(
          data.path, line: line, key: "labels", value: word, known: LabelReading.words + ["{text: class}"])
      }
      return reading
    }
    var entries: [LabelReading.Entry] = []
    for (key, value) in node.mapping ?? [:] {
      guard let text = key.scalar?.string, let meaning = value.scalar?.string else { break }
      entries.append(.init(text, meaning))
    }
    guard !entries.isEmpty, entries.count == node.mapping?.count else {
      throw .wrongType(
        data.path, line: line, key: "labels", expected: "by_name, by_number or a mapping of texts to classes")
    }
    return .listed(entries)
  }
}

extension RecipeError {
  /// The parser's error with its line.
  init(_ error: YamlError, in text: String, path: FilePath) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self = .invalidYAML(path, line: mark.line, reason: problem)
    case .duplicatedKeysInMapping(let keys, let context):
      let key = keys.first.map { "\($0)" } ?? "?"
      self = .repeatedKey(path, line: Self.secondLine(of: key, in: text, from: context.mark.line), key: key)
    default: self = .invalidYAML(path, line: 1, reason: "\(error)")
    }
  }

  /// Where a mapping that begins on line `start` has a key for the second time: the parser only knows that line.
  private static func secondLine(of key: String, in text: String, from start: Int) -> Int {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let places = lines.indices.dropFirst(start - 1).filter { index in
      let line = lines[index].drop { " -{".contains($0) }
      return line.hasPrefix(key) && line.dropFirst(key.count).drop { $0 == " " }.first == ":"
    }
    return places.count > 1 ? places[1] + 1 : start
  }
}
