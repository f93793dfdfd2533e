import Checkpoints

/// What a tokenizer needs of a SentencePiece model: the message `ModelProto` of sentencepiece_model.proto.
struct SentencePieceModel {
  enum Kind: UInt64 {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  struct Piece {
    var text = ""
    var score: Float = 0
    var kind = Kind.normal
  }

  private(set) var pieces: [Piece] = []
  /// `trainer_spec.unk_id`
  private(set) var unknownID = 0
  /// `normalizer_spec.precompiled_charsmap`; empty where the model maps no texts.
  private(set) var map: [UInt8] = []

  private let file: String

  init(_ file: MappedFile) throws(TokenizerError) {
    // The bytes are mapped as long as the file object lives.
    defer { withExtendedLifetime(file) {} }
    self.file = file.path.string
    let bytes = file.bytes
    guard bytes.count <= JSON.maximumFileBytes else {
      throw .tooLarge(
        file: self.file, what: "the file has \(bytes.count) bytes, but a model has at most \(JSON.maximumFileBytes)")
    }
    do throws(ProtobufReader.Malformed) {
      try read(bytes)
    } catch {
      throw .wrongType(file: self.file, key: "byte \(error.offset)", expected: "a field of a SentencePiece model")
    }
    guard !pieces.isEmpty else { throw .missingKey(file: self.file, key: "pieces") }
    guard pieces.count <= Tokenizer.maximumTokens else {
      throw .tooLarge(
        file: self.file, what: "the vocabulary has \(pieces.count) tokens, more than \(Tokenizer.maximumTokens)")
    }
    guard modelType == 1 else {
      throw .unsupported(
        file: self.file, key: "trainer_spec.model_type", value: "\(modelType)", supported: "1 (unigram)")
    }
    guard pieces.allSatisfy(\.score.isFinite) else {
      throw .wrongType(file: self.file, key: "pieces.score", expected: "a number")
    }
  }

  /// `trainer_spec.model_type`
  private var modelType: UInt64 = 1

  private mutating func read(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
    var model = ProtobufReader(bytes, 0..<bytes.count)
    while let (field, value) = try model.next() {
      switch (field, value) {
      case (1, .bytes(let range)):
        pieces.append(try Self.piece(bytes, range))
        // What is beyond is too much anyway.
        if pieces.count > Tokenizer.maximumTokens { return }
      case (2, .bytes(let range)):
        var trainer = ProtobufReader(bytes, range)
        while let (field, value) = try trainer.next() {
          if case (3, .number(let number)) = (field, value) { modelType = number }
          if case (40, .number(let number)) = (field, value) {
            unknownID = Int(Int32(truncatingIfNeeded: number))
          }
        }
      case (3, .bytes(let range)):
        var normalizer = ProtobufReader(bytes, range)
        while let (field, value) = try normalizer.next() {
          if case (2, .bytes(let range)) = (field, value) { map = Array(bytes[range]) }
        }
      default: break
      }
    }
  }

  private static func piece(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(ProtobufReader.Malformed) -> Piece {
    var reader = ProtobufReader(bytes, range)
    var piece = Piece()
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let text)):
        guard let valid = String(validating: bytes[text], as: UTF8.self) else {
          throw ProtobufReader.Malformed(offset: text.lowerBound)
        }
        piece.text = valid
      case (2, .fixed(let bits)): piece.score = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
      // As in Protocol Buffers, a kind that is not known is as good as absent.
      case (3, .number(let number)): piece.kind = Kind(rawValue: number) ?? piece.kind
      default: break
      }
    }
    return piece
  }
}
