// Shows the document that this very server publishes; nothing is loaded from anywhere else.
window.ui = window.SwaggerUIBundle({
  url: "/api/v1/schema",
  dom_id: "#docs",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
