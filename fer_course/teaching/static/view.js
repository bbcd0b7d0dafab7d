// Shows what Python sends: a message {html}. Asked for again when the page is
// opened a second time, because nothing is kept in the widget's state.

function render({ model, el }) {
  const show = (message) => {
    if (typeof message?.html === "string") el.innerHTML = message.html;
  };
  model.on("msg:custom", show);
  model.send({ type: "ready" });
  return () => model.off("msg:custom", show);
}

export default { render };
