package cryptoviz.delta;

import io.delta.storage.LogStore;
import java.nio.file.FileAlreadyExistsException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Commits every version of a log up to a last one, against whoever else does: {@code CLASS LOG_PATH LAST_VERSION}.
 *
 * <p>It pauses for a random while after each win, longer the more it wins: it is faster than delta-rs, and a race that
 * one side runs alone proves nothing. At the balance it wins about four versions of five.
 *
 * <p>Says {@code ready}, waits for a line, then says {@code won N} or {@code lost N} for each version in turn. What it
 * commits names the version, so that a test can tell whose the file is.
 */
public final class CommitRace {
  private static final double SHORTEST_NANOS = 50_000;
  private static final double LONGEST_NANOS = 100_000_000;

  private CommitRace() {}

  public static void main(String[] args) throws Exception {
    Configuration conf = new Configuration();
    LogStore store = TestLogStores.open(args[0], conf);
    Path log = new Path(args[1]);
    int last = Integer.parseInt(args[2]);
    Random random = new Random(7);
    double pause = SHORTEST_NANOS;
    StringBuilder said = new StringBuilder();
    Gate.pass("ready");
    for (int version = 1; version <= last; version++) {
      String action = String.format("{\"commitInfo\":{\"operation\":\"WRITE\",\"writer\":\"jvm-%d\"}}", version);
      try {
        store.write(new Path(log, String.format("%020d.json", version)), List.of(action).iterator(), false, conf);
        said.append("won ").append(version).append('\n');
        pause = Math.min(pause * 1.1, LONGEST_NANOS);
        LockSupport.parkNanos((long) (random.nextDouble() * pause));
      } catch (FileAlreadyExistsException first) {
        said.append("lost ").append(version).append('\n');
        pause = Math.max(pause * 0.7, SHORTEST_NANOS);
      }
    }
    System.out.print(said);
  }
}
