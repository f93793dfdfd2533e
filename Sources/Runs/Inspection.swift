import Checkpoints
import Diagnostics
import Encoders
import Parameters
import StatisticsFiles
import SystemPackage
import Terminal

/// What `fishermerge inspect` says of a model, a merge's output, a statistics file, or any file of safetensors or a
/// pickle of tensors.
package enum Inspection {
  /// Looks at a path and says what it is. Not collective.
  ///
  /// Reads all weights of a model, of every model of a merge, and all sums of a statistics file to check them.
  ///
  /// - Throws: ``RunError``, ``ModelError``, `TensorAccessError` for a weight that is not finite, and what reading the
  ///   files throws.
  package static func describe(_ path: FilePath) throws -> (text: String, json: JSON) {
    guard let kind = FileSystem.kind(path) else { throw RunError.unknownPath(path.string) }
    if kind == .directory {
      let manifest = path.appending("manifest.json")
      if FileSystem.exists(manifest) { return try describeMerge(manifest) }
      return try describeModel(path)
    }
    try refuseOthers(path)
    if let mapped = try? MappedFile(path: path), mapped.isLFSPointer { throw ForeignDirectory.pointer(path) }
    if ["bin", "pt", "pth"].contains(path.extension?.lowercased()) {
      return describeTensors(try PickleFile(path: path), kind: "pickle")
    }
    let file = try SafetensorsFile(path: path)
    return file.metadata(StatisticsFile.key) != nil
      ? try describeStatistics(path) : describeTensors(file, kind: "safetensors")
  }

  /// Refuses files whose names say that another command is for them.
  private static func refuseOthers(_ path: FilePath) throws(RunError) {
    let (kind, use): (String, String)
    switch path.extension?.lowercased() {
    case "yaml", "yml": (kind, use) = ("a recipe", "check it with `fishermerge plan \(path)`")
    case "html": (kind, use) = ("a report", "open it in a browser, or inspect the directory that holds it")
    case "json" where path.lastComponent?.string == "manifest.json":
      (kind, use) = ("the manifest of a merge", "inspect the directory that holds it")
    case "json" where path.lastComponent?.string == "config.json":
      (kind, use) = ("the configuration of a model", "inspect the directory that holds it")
    case "json": (kind, use) = ("a JSON file", "name the directory of a model or merge, or a safetensors file")
    case "jsonl", "csv", "tsv": (kind, use) = ("a data file", "evaluate a model on it with `fishermerge evaluate`")
    case "gguf", "ckpt":
      (kind, use) = ("a file of weights in another format", "save the model as safetensors with save_pretrained")
    default: return
    }
    throw .notInspectable(path.string, kind: kind, use: use)
  }

  private static func describeModel(_ path: FilePath) throws -> (String, JSON) {
    let model = try StoredModel(directory: path)
    try model.requireFinite()
    let c = model.configuration
    let outlook = model.outlook()
    let parameters = model.parameters.reduce(0) { $0 + $1.count }
    let head =
      model.hasHead
      ? "\(c.problem.rawValue), \(c.outputs) outputs: \(legible(model.labels.joined(separator: ", ")))" : "none"
    let text = """
      \(legible(path.string)): \(c.modelType), \(c.layers) layers, hidden \(c.hidden), \(c.heads) heads, \
      intermediate \(c.intermediate), \
      vocabulary \(c.vocabulary), up to \(c.maximumTokens) tokens
      \(parameters) parameters in \(model.parameters.count) tensors, \(model.storedType.rawValue), \
      \(model.files.files.count) file\(model.files.files.count == 1 ? "" : "s"); all values are finite
      head: \(head)
      tokenizer: \(outlook.tokenizer ?? "cannot be read")
      \(legible(outlook.obstacle.map { "cannot be merged: \($0)" } ?? "can be merged with models of the same base"))
      """ + model.notes.map { "\n\($0)" }.joined()
    return (
      text,
      [
        "kind": "model", "model_type": .string(c.modelType), "layers": .integer(c.layers), "hidden": .integer(c.hidden),
        "heads": .integer(c.heads), "intermediate": .integer(c.intermediate), "vocabulary": .integer(c.vocabulary),
        "parameters": .integer(parameters), "dtype": .string(model.storedType.rawValue),
        "labels": .array(model.labels.map { .string($0) }), "tokenizer": outlook.tokenizer.map { .string($0) } ?? .null,
        "obstacle": outlook.obstacle.map { .string($0) } ?? .null,
      ]
    )
  }

  private static func describeMerge(_ manifest: FilePath) throws -> (String, JSON) {
    let json = try JSON(contentsOf: manifest)
    let models = try checkModels(of: json, manifest)
    var lines = [
      "\(manifest.removingLastComponent()): merged by fishermerge \(json["fishermerge"]?.string ?? "?"), "
        + "\(json["method"]?.string ?? "?") (\(json["settings"]?.string ?? ""))",
      "plan \(json["plan_sha256"]?.string ?? "?"), ranks: \(json["ranks"]?.integer ?? 0), OpenBLAS \(json["blas_core"]?.string ?? "?")",
    ]
    for model in json["models"]?.array ?? [] {
      let data =
        model["data"].map { ", \($0["examples"]?.integer ?? 0) examples of \($0["file"]?.string ?? "?")" } ?? ""
      lines.append(
        "  \(model["name"]?.string ?? "?"): \(model["model"]?.string ?? "?"), weight \(significant(model["weight"]?.double ?? 0))\(data)"
      )
    }
    lines.append("backbone and \(models) model\(models == 1 ? "" : "s"): all tensors present and finite")
    return (lines.map { legible($0) }.joined(separator: "\n"), .object([kind("merge")] + (json.members ?? [])))
  }

  /// Opens the backbone and every model that the manifest names, one after the other, and reads all of their weights.
  ///
  /// - Returns: how many models the manifest names.
  private static func checkModels(of json: JSON, _ manifest: FilePath) throws -> Int {
    func malformed(_ key: String, _ problem: String) -> RunError {
      .malformedManifest(manifest, key: key, problem: problem)
    }
    guard let models = json["models"]?.array else { throw malformed("models", "the list of the models is missing") }
    var names = ["backbone"]
    for (index, model) in models.enumerated() {
      guard let name = model["name"]?.string, !name.utf8.contains(0),
        let component = FilePath.Component(name), component.kind == .regular, component.string == name
      else { throw malformed("models[\(index)].name", "this names no directory beside the manifest") }
      names.append(name)
    }
    for name in names {
      try StoredModel(directory: manifest.removingLastComponent().appending(name)).requireFinite()
    }
    return models.count
  }

  static func kind(_ name: String) -> JSON.Member { JSON.Member(key: "kind", value: .string(name)) }

  private static func describeTensors(_ file: some WeightFile, kind: String) -> (String, JSON) {
    let tensors = file.storedTensors
    var table = Table(["tensor", "type", "shape"])
    for tensor in tensors {
      table.add([tensor.name, tensor.type.rawValue, tensor.shape.map(String.init).joined(separator: " × ")])
    }
    return (
      "\(legible(file.path.string)): \(tensors.count) tensors\n\(table.text)",
      ["kind": .string(kind), "tensors": .array(tensors.map { .string($0.name) })]
    )
  }
}
