package cryptoviz.delta;

import io.delta.storage.LogStore;
import java.nio.file.FileAlreadyExistsException;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Makes one commit and stops in the middle of it: {@code CLASS COMMIT_PATH rename|written}.
 *
 * <p>{@code rename} stops before Hadoop renames the file, {@code written} when the last action was taken from the
 * iterator. Says where it stopped, waits for a line, goes on, and says {@code committed} or {@code exists}.
 */
public final class StoppedCommit {
  private static final String ACTION = "{\"commitInfo\":{\"operation\":\"WRITE\",\"writer\":\"jvm\"}}";

  private StoppedCommit() {}

  public static void main(String[] args) throws Exception {
    Configuration conf = new Configuration();
    boolean atRename = args[2].equals("rename");
    if (atRename) {
      conf.set("fs.AbstractFileSystem.file.impl", StoppingFileSystem.class.getName());
    }
    LogStore store = TestLogStores.open(args[0], conf);
    try {
      store.write(new Path(args[1]), atRename ? List.of(ACTION).iterator() : stoppingAtEnd(), false, conf);
      System.out.println("committed");
    } catch (FileAlreadyExistsException first) {
      System.out.println("exists");
    }
  }

  private static Iterator<String> stoppingAtEnd() {
    Iterator<String> actions = List.of(ACTION).iterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        if (!actions.hasNext()) {
          Gate.pass("written");
        }
        return actions.hasNext();
      }

      @Override
      public String next() {
        return actions.next();
      }
    };
  }
}
