import Checkpoints
import Encoders
import Estimation
import Foundation
import SystemPackage

/// What `fishermerge inspect` says of a model, a merge's output, a statistics file or any safetensors file.
package enum Inspection {
  /// Looks at a path and says what it is. Not collective.
  ///
  /// Reads all weights of a model, of every model of a merge, and all sums of a statistics file to check them.
  ///
  /// - Throws: ``RunError``, ``ModelError``, `TensorAccessError` for a weight that is not finite, and what reading the
  ///   files throws.
  package static func describe(_ path: FilePath) throws -> (text: String, json: JSON) {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path.string, isDirectory: &isDirectory) else {
      throw RunError.unknownPath(path.string)
    }
    if isDirectory.boolValue {
      let manifest = path.appending("manifest.json")
      if FileManager.default.fileExists(atPath: manifest.string) { return try describeMerge(manifest) }
      return try describeModel(path)
    }
    let file = try SafetensorsFile(path: path)
    return file.metadata(StatisticsFile.key) != nil ? try describeStatistics(path) : describeTensors(file)
  }

  private static func describeModel(_ path: FilePath) throws -> (String, JSON) {
    let model = try StoredModel(directory: path)
    try model.requireFinite()
    let c = model.configuration
    let parameters = model.parameters.reduce(0) { $0 + $1.count }
    let head =
      model.hasHead ? "\(c.problem.rawValue), \(c.outputs) outputs: \(model.labels.joined(separator: ", "))" : "none"
    let text = """
      \(path): \(c.modelType), \(c.layers) layers, hidden \(c.hidden), \(c.heads) heads, intermediate \(c.intermediate), \
      vocabulary \(c.vocabulary), \(c.positions) positions
      \(parameters) parameters in \(model.parameters.count) tensors, \(model.storedType.rawValue), \
      \(model.files.files.count) file\(model.files.files.count == 1 ? "" : "s"); all values are finite
      head: \(head)
      """
    return (
      text,
      [
        "kind": "model", "model_type": .string(c.modelType), "layers": .integer(c.layers), "hidden": .integer(c.hidden),
        "heads": .integer(c.heads), "intermediate": .integer(c.intermediate), "vocabulary": .integer(c.vocabulary),
        "parameters": .integer(parameters), "dtype": .string(model.storedType.rawValue),
        "labels": .array(model.labels.map { .string($0) }),
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
    return (lines.joined(separator: "\n"), .object([kind("merge")] + (json.members ?? [])))
  }

  /// Opens the backbone and every model that the manifest names, one after the other, and reads all of their weights.
  ///
  /// - Returns: how many models the manifest names.
  private static func checkModels(of json: JSON, _ manifest: FilePath) throws -> Int {
    func malformed(_ key: String, _ problem: String) -> RunError {
      .inData(
        file: manifest.string, subject: key, problem: problem,
        remedy: "merge again, or inspect the directories of the models themselves", code: .badInput)
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

  private static func describeStatistics(_ path: FilePath) throws -> (String, JSON) {
    let statistics = try StatisticsFile(path: path)
    try checkSums(of: statistics)
    var lines = [
      "\(path): \(statistics.kinds.map(\.rawValue).joined(separator: " and ")), expectation \(statistics.expectation), "
        + "sums over \(statistics.examples) examples",
      "model \(statistics.file.metadata("model_sha256") ?? "?")",
      "data  \(statistics.file.metadata("data_sha256") ?? "?")",
    ]
    if statistics.kinds.contains(.maskFisher) {
      for (name, title) in [("head_mask", "heads"), ("neuron_mask", "neurons")] {
        let values = try statistics.values(name)
        let width = statistics.file[name]?.shape.last ?? 1
        let top = values.indices.sorted { values[$0] > values[$1] }.prefix(5)
        lines.append(
          "top \(title) (layer.number: mean): "
            + top.map { "\($0 / width).\($0 % width): \(significant(values[$0] / Double(statistics.examples)))" }
            .joined(separator: ", "))
      }
    }
    if statistics.kinds.contains(.fisher) {
      var sums: [(name: String, mean: Double)] = []
      for tensor in statistics.file.tensors where tensor.name != "head_mask" && tensor.name != "neuron_mask" {
        let total = try statistics.values(tensor.name).reduce(0, +)
        sums.append((tensor.name, total / Double(max(1, tensor.count * statistics.examples))))
      }
      let top = sums.sorted { $0.mean > $1.mean }.prefix(5)
      lines.append("largest mean Fisher: " + top.map { "\($0.name) \(significant($0.mean))" }.joined(separator: ", "))
    }
    return (
      lines.joined(separator: "\n"),
      .object([kind("statistics")] + statistics.file.metadata.map { .init(key: $0.key, value: .string($0.value)) })
    )
  }

  /// Every tensor holds sums of squares, so no value may be negative, NaN or infinite; the masks' are tables of layers
  /// by heads or neurons.
  private static func checkSums(of statistics: StatisticsFile) throws {
    for tensor in statistics.file.storedTensors {
      func invalid(_ reason: String) -> RunError {
        .invalidStatistics(statistics.path, reason: "the tensor \(tensor.name) \(reason)")
      }
      if ["head_mask", "neuron_mask"].contains(tensor.name), tensor.shape.count != 2 {
        throw invalid("has \(tensor.shape.count) dimensions, not layers × \(tensor.name.prefix { $0 != "_" })s")
      }
      let values = try statistics.values(tensor.name)
      if let index = values.firstIndex(where: { !$0.isFinite || $0 < 0 }) {
        throw invalid(
          "has the value \(values[index]) at \(index) of its \(values.count) elements; sums of squares "
            + "are finite and not negative")
      }
    }
  }

  private static func kind(_ name: String) -> JSON.Member { JSON.Member(key: "kind", value: .string(name)) }

  private static func describeTensors(_ file: SafetensorsFile) -> (String, JSON) {
    var table = Table(["tensor", "type", "shape"])
    for tensor in file.tensors {
      table.add([tensor.name, tensor.type.rawValue, tensor.shape.map(String.init).joined(separator: " × ")])
    }
    return (
      "\(file.path): \(file.tensors.count) tensors\n\(table.text)",
      ["kind": "safetensors", "tensors": .array(file.tensors.map { .string($0.name) })]
    )
  }
}
