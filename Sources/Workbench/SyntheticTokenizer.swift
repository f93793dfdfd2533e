import Checkpoints

/// A WordPiece tokenizer with as many tokens as a model has embeddings: five special ones, then a word for every id.
enum SyntheticTokenizer {
  static let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
  static let classification: Int32 = 2
  static let separator: Int32 = 3

  /// The text of a token that is not special.
  static func word(_ id: Int32) -> String { "w\(id)" }

  /// `tokenizer.json`.
  static func file(vocabulary: Int) -> String {
    let words = (0..<vocabulary).map { $0 < special.count ? special[$0] : word(Int32($0)) }
    let added: [JSON] = special.enumerated().map { id, text in
      [
        "id": .integer(id), "content": .string(text), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ]
    }
    func token(_ text: String, _ type: Int) -> JSON {
      ["SpecialToken": ["id": .string(text), "type_id": .integer(type)]]
    }
    func sequence(_ name: String, _ type: Int) -> JSON {
      ["Sequence": ["id": .string(name), "type_id": .integer(type)]]
    }
    func ids(_ text: String, _ id: Int32) -> JSON {
      ["id": .string(text), "ids": [.integer(Int(id))], "tokens": [.string(text)]]
    }
    let single = [token("[CLS]", 0), sequence("A", 0), token("[SEP]", 0)]
    let json: JSON = [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added),
      "normalizer": [
        "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": .null,
        "lowercase": true,
      ],
      "pre_tokenizer": ["type": "BertPreTokenizer"],
      "post_processor": [
        "type": "TemplateProcessing", "single": .array(single),
        "pair": .array(single + [sequence("B", 1), token("[SEP]", 1)]),
        "special_tokens": ["[CLS]": ids("[CLS]", classification), "[SEP]": ids("[SEP]", separator)],
      ],
      "decoder": ["type": "WordPiece", "prefix": "##", "cleanup": true],
      "model": [
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
        "vocab": .object(words.enumerated().map { .init(key: $1, value: .integer($0)) }),
      ],
    ]
    return json.serialized(indentation: nil)
  }

  /// `tokenizer_config.json`.
  static func settings(positions: Int) -> JSON {
    [
      "tokenizer_class": "BertTokenizer", "do_lower_case": true, "model_max_length": .integer(positions),
      "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
    ]
  }
}
