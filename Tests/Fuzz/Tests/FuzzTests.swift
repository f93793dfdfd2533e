import ForeignBytes
import Testing
