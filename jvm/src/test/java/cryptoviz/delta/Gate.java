package cryptoviz.delta;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Where this process says where it is and stops until a test lets it go on. */
final class Gate {
  private Gate() {}

  static void pass(String place) {
    System.out.println(place);
    System.out.flush();
    try {
      while (System.in.read() != '\n') {
        // Until the end of the line; a closed pipe reads -1 for ever, and the test that closed it kills this process.
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
