/**
 * Gives each command a button that copies it. The page says everything without: a button that did nothing would be worse than none, so it
 * is the script that makes them. A browser that keeps the clipboard from a file gets the older way.
 */
export const SCRIPT = `for (const box of document.querySelectorAll(".command")) {
  const button = document.createElement("button");
  const pre = box.querySelector("pre");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
    } catch {
      getSelection().selectAllChildren(pre);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  box.append(button);
}`;
