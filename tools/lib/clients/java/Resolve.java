// Asks InetAddress: reads lines "COUNT NAME", writes for each call its addresses.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.stream.Collectors;

class Resolve {
  public static void main(String[] arguments) throws Exception {
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      var words = line.split(" ");
      var text = new StringBuilder();
      for (int calls = Integer.parseInt(words[0]); calls > 0; calls--) {
        text.append(addresses(words[1])).append('\n');
      }
      System.out.print(text);
      System.out.flush();
    }
  }

  static String addresses(String name) {
    try {
      return Arrays.stream(InetAddress.getAllByName(name))
          .map(InetAddress::getHostAddress)
          .collect(Collectors.joining(" "));
    } catch (UnknownHostException error) {
      return "error " + error.getMessage();
    }
  }
}
