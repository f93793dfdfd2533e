import Checkpoints
import SystemPackage

/// What another program reaches on the tasks of a comparison, such as training.
struct OtherResult {
  let name: String
  /// Of all processors, from the data to the model.
  let seconds: Double
  /// The main metric of each task, in the recipe's order.
  let scores: [Double]

  /// Reads `[{"name": …, "processor_seconds": …, "scores": {task: score}}]`.
  ///
  /// - Parameter tasks: the models' names; each needs a score.
  static func read(_ path: FilePath, tasks: [String]) throws -> [OtherResult] {
    let json = try JSON(contentsOf: path)
    func wrong(_ place: Int?, _ problem: String) -> RunError {
      .malformedResults(path, entry: place.map { $0 + 1 }, problem: problem)
    }
    guard let entries = json.array else { throw wrong(nil, "it is no list") }
    return try entries.enumerated().map { place, entry in
      guard let name = entry["name"]?.string else { throw wrong(place, "it has no name") }
      guard let seconds = entry["processor_seconds"]?.double, seconds > 0, seconds.isFinite else {
        throw wrong(place, "processor_seconds is no positive number")
      }
      let scores = try tasks.map { task in
        guard let score = entry["scores"]?[task]?.double, (-1...1).contains(score) else {
          throw wrong(place, "scores has no number from -1 to 1 for \(task)")
        }
        return score
      }
      return OtherResult(name: name, seconds: seconds, scores: scores)
    }
  }

  var mean: Double { scores.reduce(0, +) / Double(max(1, scores.count)) }

  var json: JSON {
    [
      "name": .string(name), "processor_seconds": .number(seconds),
      "scores": .array(scores.map { .number($0) }),
    ]
  }
}
