"""The one way in which collectors reach other machines: checked addresses, deadlines, bounded answers."""
