import Datasets
import Recipes
import SystemPackage

/// A data file and how to read it.
package struct DataSource: Codable {
  package var file: FilePath
  package var columns: [Column]?
  package var label: Column?
  /// What the labels stand for.
  package var labels = LabelReading.recognized
  package var badRows = BadRowPolicy.error

  package init(
    file: FilePath, columns: [String]? = nil, label: String? = nil, labels: LabelReading = .recognized,
    badRows: BadRowPolicy = .error
  ) {
    self.labels = labels
    self.badRows = badRows
    self.file = file
    self.columns = columns?.map { Column($0) }
    self.label = label.map { Column($0) }
  }

  init(_ data: Recipe.Data, relativeTo directory: FilePath) {
    self.init(
      file: directory.pushing(FilePath(data.file)), columns: data.columns, label: data.label, labels: data.labels,
      badRows: data.badRows)
  }

  private enum CodingKeys: CodingKey { case file, columns, label, labels, badRows }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    file = FilePath(try values.decode(String.self, forKey: .file))
    columns = try values.decodeIfPresent([Column].self, forKey: .columns)
    label = try values.decodeIfPresent(Column.self, forKey: .label)
    labels = try values.decode(LabelReading.self, forKey: .labels)
    badRows = try values.decode(BadRowPolicy.self, forKey: .badRows)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(file.string, forKey: .file)
    try values.encodeIfPresent(columns, forKey: .columns)
    try values.encodeIfPresent(label, forKey: .label)
    try values.encode(labels, forKey: .labels)
    try values.encode(badRows, forKey: .badRows)
  }
}
